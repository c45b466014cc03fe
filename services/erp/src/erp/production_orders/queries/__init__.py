"""Reads of production orders, and their set-based writes."""
