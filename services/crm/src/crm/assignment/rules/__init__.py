"""Pure rules of assignment."""
