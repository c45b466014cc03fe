"""Acts of payables: entering bills and credit notes, and taking them back."""
