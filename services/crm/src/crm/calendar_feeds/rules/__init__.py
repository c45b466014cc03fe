"""How activities are written for calendar programs."""
