"""Customers' orders: what was agreed, and how far it has come.

The order keeps what was agreed: lines with price and discount, freight, where to, by when. A
linked ERP fulfils it and sends its state; that is kept beside it and never mixed into it, so
neither side overwrites the other. The net of a line is rounded once, the order's is their sum
(C26). What a customer owes and what is available of a product come from the ERP as well.
"""
