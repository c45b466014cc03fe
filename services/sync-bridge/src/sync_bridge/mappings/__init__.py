"""Translations from what one half published to what the other accepts: one pure function each.

A mapping gets the message as read and the twins it asked for in `flows.py`, and returns the whole
body. It neither asks nor decides anything; which part of the body is sent is `ownership.py`'s.
"""
