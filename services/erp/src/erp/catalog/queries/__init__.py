"""Named reads and locks of the catalog."""
