"""Acts on activities."""
