"""The door of the catalog: acts on units, categories, items, price lists and prices."""
