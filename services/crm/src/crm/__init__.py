"""Tandem CRM: a service with its own database, public API and release cycle."""
