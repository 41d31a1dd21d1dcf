"""Matching: who fits what, and why.

Hears postings and seekers. Keeps features, epochs and current match lists, and no names.
Says matches.found and restatement.requested.
"""
