"""Reads of inspection plans and inspections."""
