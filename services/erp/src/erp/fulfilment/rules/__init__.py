"""Pure rules of fulfilment."""
