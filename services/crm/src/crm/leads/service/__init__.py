"""Acts on leads."""
