"""Acts of stock: what orders need, goods that move, what is expected and promised."""
