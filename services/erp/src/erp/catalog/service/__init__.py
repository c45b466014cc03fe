"""Acts of the catalog: on units, categories, items, price lists and prices."""
