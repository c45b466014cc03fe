"""Alembic's way in; the chassis does the rest."""

from chassis.storage.migration_environment import run

run()
