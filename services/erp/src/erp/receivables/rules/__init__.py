"""Pure rules of receivables."""
