"""The constraint model of a problem, for CP-SAT. Needs the extra `aps`."""
