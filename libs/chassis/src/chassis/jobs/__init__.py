"""Work done later: rows written with the deed, tried at least once, in effect once."""
