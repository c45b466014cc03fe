"""How bills of material are kept."""
