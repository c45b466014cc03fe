"""Approvals of the ERP: orders beyond a credit limit, and purchase orders by rules.

The engine is the library `approvals`; here stands which kinds there are and who sees them.
"""
