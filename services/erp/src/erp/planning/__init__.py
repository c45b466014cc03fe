"""Planning: what is to be bought and made, how much of it, and when to begin."""
