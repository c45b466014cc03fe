"""Asking for approvals, deciding them, and keeping their rules and delegations."""
