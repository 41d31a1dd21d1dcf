"""Notify: each match to the person who acts on it.

Hears matches, postings, seekers and submissions. Keeps match lists by opaque id, and no names.
Says restatement.requested.
"""
