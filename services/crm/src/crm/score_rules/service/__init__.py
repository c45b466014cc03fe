"""Acts of score rules and scores."""
