"""Registers the fixtures that every distribution's tests share."""

import importlib.util

pytest_plugins = ["chassis.testing.plugin"] if importlib.util.find_spec("chassis.testing") else []
