"""How well our own code ranks a labelled set, beside what one would pick instead."""
