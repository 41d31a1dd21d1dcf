"""Skill terms: how they are written, which are the same, and how alike two of them are."""
