"""Pure rules of stock."""
