"""Acts of assignment."""
