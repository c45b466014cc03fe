"""Clients from the committed OpenAPI files, by generators that are not ours, compiled."""
