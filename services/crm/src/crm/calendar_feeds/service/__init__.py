"""The acts on calendar feeds, and what they show."""
