"""Acts of settlement: open items, payments, and who owes what."""
