"""A whole city on one machine: what `iljari up` starts, watches and stops."""
