"""Values of custom fields: of which kind they are, how they are read, kept and ordered."""
