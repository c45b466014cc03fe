"""The routes of approvals, made once for every service."""
