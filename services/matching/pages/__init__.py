"""What people see of matching: how fair the lists are, and what each proof found."""
