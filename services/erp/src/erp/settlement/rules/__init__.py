"""Pure rules of settlement."""
