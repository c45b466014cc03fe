"""Acts on inspection plans and inspections."""
