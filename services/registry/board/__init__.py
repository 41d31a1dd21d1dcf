"""The official's board: use of rooms and costs as figures, beside the plan, coverage and benefit."""
