"""The arithmetic of scheduling: pure, in whole minutes, without clock, settings or database."""
