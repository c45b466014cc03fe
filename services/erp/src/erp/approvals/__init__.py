"""Approvals of the ERP: orders beyond a credit limit wait for a person who may decide.

The engine is the library `approvals`; here stands which kinds there are and who sees them.
"""
