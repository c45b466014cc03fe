"""Calendar feeds: what a user has to do, for a calendar program, by a secret address."""
