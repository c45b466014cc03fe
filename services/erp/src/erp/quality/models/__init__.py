"""Cases of goods that do not conform: what they are, and what they refuse."""
