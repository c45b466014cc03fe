"""Commands, views and queries of repair orders."""
