"""How fast is matching, beside what one would pick instead? Everything in one interleaved run, exact before timed."""
