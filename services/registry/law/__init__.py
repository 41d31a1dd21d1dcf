"""Law: what a posting says that dated, sourced rules speak against. Pure: no broker, no database, no clock of its own.

A finding is a hint for a person, never a verdict: rules over words miss cases.
"""
