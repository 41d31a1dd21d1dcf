"""The counselor's desk: whom to call today, about what, and why."""
