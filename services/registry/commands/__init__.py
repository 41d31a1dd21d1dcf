"""The registry's share of the command `iljari`, a module a group."""
