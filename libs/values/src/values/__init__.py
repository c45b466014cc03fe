"""The values that records are made of; pure, with no I/O and no framework but Pydantic.

Each is read from JSON, checked, and written to JSON in one place, so that what one service sends
the other one takes.
"""

from pathlib import Path

__all__ = ["LOCALE"]

LOCALE = Path(__file__).parent / "locale"
"""The folder with the translations of what is said of a wrong value."""
