"""Acts on quotes: drawing up, sending, revising, revoking, and what a customer answers."""
