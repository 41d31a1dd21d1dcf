"""Matching's share of the command `iljari`, a module a group."""
