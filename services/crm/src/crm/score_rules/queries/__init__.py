"""Reads and writes of score rules, scores and events of leads."""
