"""Pure rules of quotes: what lines and quotes come to, and the text that a customer agrees to."""
