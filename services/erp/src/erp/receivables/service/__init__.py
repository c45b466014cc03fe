"""Acts of receivables: invoices, credit notes and tax codes."""
