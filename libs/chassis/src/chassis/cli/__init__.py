"""The command line of a service, built from its description."""
