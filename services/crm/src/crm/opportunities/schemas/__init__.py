"""What callers ask of opportunities and pipelines, and what they see."""
