"""The pages of the three parties: worker, firm and agency."""
