"""Loading CSV files through the public API, by a mapping that a person writes and reviews."""
