"""What all services agree on, and nothing else. Imports no service."""
