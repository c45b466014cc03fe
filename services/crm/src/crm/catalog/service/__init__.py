"""Acts of the catalog: on products and on prices."""
