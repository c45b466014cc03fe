"""Forecasts: what deals come to in a period, by category; quotas, and snapshots that stay.

Open deals count by amount and by amount x probability, won ones fully, lost ones not at all (C21).
Each figure names the list behind it, and both agree to the cent (C23).
"""
