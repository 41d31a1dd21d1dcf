"""People: who seeks, who signs in, and the vault that alone knows their names."""
