"""Acts of purchasing: prices, suggestions, orders, receipts and bills, a file for each."""
