"""Leads: people who may buy one day, where they came from, and what becomes of them."""
