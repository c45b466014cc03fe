"""The door of the catalog: acts on products and on prices."""
