"""Demand forecasts: what customers are expected to order, entered, imported or calculated.

Below planning, which takes them as demands as far as orders have not consumed them.
"""
