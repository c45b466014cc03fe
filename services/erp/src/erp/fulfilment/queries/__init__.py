"""Named reads, locks and set-based writes of fulfilment."""
