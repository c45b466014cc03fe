"""Asking for approvals of the CRM, what waits for somebody, and handing it over."""
