"""Paths of cases, complaints and scores."""
