"""Arithmetic of demand forecasts."""
