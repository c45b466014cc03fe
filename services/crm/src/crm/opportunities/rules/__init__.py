"""Pure rules of opportunities: which stage is meant, what entering it makes of a deal."""
