"""Named reads of production."""
