"""Pure rules of follow-up plans."""
