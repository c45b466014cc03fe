"""Commands, views and queries of inspection plans and inspections."""
