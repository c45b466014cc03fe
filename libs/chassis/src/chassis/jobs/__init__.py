"""Work done later: rows written with the deed, claimed by workers, done at least once, in effect once."""
