"""Quantities, times and values of production orders, as pure arithmetic."""
