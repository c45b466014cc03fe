"""Repairs of pieces of customers and of our own: states and rules."""
