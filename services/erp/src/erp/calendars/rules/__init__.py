"""Pure rules of working hours."""
