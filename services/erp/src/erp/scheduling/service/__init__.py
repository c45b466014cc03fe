"""Acts of scheduling."""
