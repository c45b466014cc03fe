"""Tandem ERP: a service with its own database, API and release cycle."""
