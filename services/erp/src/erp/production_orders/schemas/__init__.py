"""What callers ask of production orders, and what they see."""
