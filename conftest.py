"""Registers the fixtures that every distribution's tests share."""

pytest_plugins = ["chassis.testing.plugin", "embedded.testing"]
