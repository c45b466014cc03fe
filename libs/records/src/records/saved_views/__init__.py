"""Saved views: what a list is asked, kept under a name, for oneself, a team or all."""
