"""Paths of inspection plans and inspections."""
