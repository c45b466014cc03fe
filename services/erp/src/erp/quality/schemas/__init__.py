"""Commands, views and queries of cases, complaints and scores."""
