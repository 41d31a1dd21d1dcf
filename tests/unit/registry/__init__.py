"""The registry: intake, orders, people, its API and its share of the command."""
