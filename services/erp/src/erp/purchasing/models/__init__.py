"""What purchasing keeps: prices and suggestions, orders, receipts and returns, a file for each."""
