"""The command line of a service, built from its description.

Every command answers `--json` for programs. Exit codes: 0 it worked; 1 it was tried and did not,
as when rows of an import fail or the database does not answer; 2 it cannot be tried: wrong
arguments, settings or installation.
"""
