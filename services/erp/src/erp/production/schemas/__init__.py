"""What callers ask of bills of material, and what they see."""
