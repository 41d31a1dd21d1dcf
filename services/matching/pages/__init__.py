"""What people see of matching: how fair the lists are, what each proof found, what near misses lack."""
