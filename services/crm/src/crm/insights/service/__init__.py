"""What figures say, and what follows from them."""
