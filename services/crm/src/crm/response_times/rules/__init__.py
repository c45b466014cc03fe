"""Pure rules of response times."""
