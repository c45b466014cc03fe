"""Acts on demand forecasts."""
