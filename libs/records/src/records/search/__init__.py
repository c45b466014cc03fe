"""One search over all records of a service that have texts to be found by."""
