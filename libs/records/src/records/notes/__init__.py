"""Notes on records and documents: who wrote what, whom it mentions, and when it was edited."""
