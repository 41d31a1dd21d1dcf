"""Bringing news to people: what is news, whom it reaches by which way and when, and each attempt on the record."""
