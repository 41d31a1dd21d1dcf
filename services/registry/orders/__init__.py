"""Orders: agencies and the postings that they are credited with."""
