"""What workers, firms and agencies gained, reckoned from the referral ledger."""
