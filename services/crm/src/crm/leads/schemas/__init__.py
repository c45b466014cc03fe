"""What callers ask of leads, and what they see."""
