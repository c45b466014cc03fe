"""Commands and views of stock, and of lots."""
