"""The city's plan as a ledger of entries, of which every table and every contradiction is made."""
