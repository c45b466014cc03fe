"""`python -m erp`: the same as the command `erp`."""

from erp.cli import cli

cli()
