"""What tests of services ask of their records."""
