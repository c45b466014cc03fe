"""What `make demo` plays, through the public APIs alone.

`playing` holds the parts every story is told with; `story` is the small one with `ordering` as its
second act; `source`, `preparing`, `replaying` and `checking` replay the orders of Northwind.
"""
