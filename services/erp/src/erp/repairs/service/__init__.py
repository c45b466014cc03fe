"""Acts of repair orders."""
