"""Alembic's way in; the chassis does the rest."""

from chassis.schema.environment import run

run()
