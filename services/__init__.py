"""Three services that meet only through shared.contracts."""
