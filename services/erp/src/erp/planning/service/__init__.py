"""Acts of planning."""
