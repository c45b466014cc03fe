"""How opportunities and pipelines are kept."""
