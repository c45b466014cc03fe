"""Reads of scheduling, and its set-based writes."""
