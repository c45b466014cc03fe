"""How shares are estimated."""
