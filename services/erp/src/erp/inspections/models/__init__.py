"""Inspection plans and inspections: what they are."""
