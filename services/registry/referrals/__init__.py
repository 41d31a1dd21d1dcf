"""Referrals: where each pair of a seeker and a posting stands, by whose word, and what followed from it."""
