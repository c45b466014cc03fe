"""`python -m crm`: the same as the command `crm`."""

from crm.cli import cli

cli()
