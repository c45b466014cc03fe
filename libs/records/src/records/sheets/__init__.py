"""Records as tables of cells: what CSV files and workbooks hold of a record type."""
