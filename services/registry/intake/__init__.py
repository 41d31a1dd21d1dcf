"""Intake: how a document from outside becomes facts that we keep, or goes back with its reasons."""
