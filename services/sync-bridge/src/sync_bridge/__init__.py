"""Tandem sync bridge: keeps an ERP and a CRM in agreement through their public APIs alone."""
