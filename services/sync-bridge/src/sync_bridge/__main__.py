"""`python -m sync_bridge` is `bridge`."""

from sync_bridge.cli import cli

cli()
