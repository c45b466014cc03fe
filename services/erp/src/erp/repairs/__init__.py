"""Repairs of pieces of customers and of our own: diagnosis, parts, labour, warranty, invoice."""
