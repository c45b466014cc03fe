"""Custom fields are defined, changed, archived and deleted, as records of their own."""
