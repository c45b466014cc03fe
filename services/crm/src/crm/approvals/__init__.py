"""Approvals of the CRM: quotes that go beyond what their sellers may offer alone.

The engine is the library `approvals`; here stands which kinds there are and who sees them.
"""
