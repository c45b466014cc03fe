"""Files attached to records and documents: checked by content, never shown in the browser."""
