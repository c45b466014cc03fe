"""What schemas of several modules share."""

from typing import Any

__all__ = ["LARGEST_BATCH", "Facts"]

LARGEST_BATCH = 500

Facts = dict[str, Any]
"""Fields of a record that somebody gave, by name; a field left out is not in it."""
