"""Pure rules: what of a record is compared, in which form."""
