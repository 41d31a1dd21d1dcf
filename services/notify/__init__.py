"""Notify: each match to the person who acts on it.

Hears matches, postings, seekers, submissions and where referrals stand. Keeps them by opaque id, and no names.
Says match.reviewed and restatement.requested.
"""
