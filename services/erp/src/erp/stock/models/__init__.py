"""What stock keeps: goods, and who needs them."""
