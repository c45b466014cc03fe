"""Acts of the ledger, and what other modules post by."""
