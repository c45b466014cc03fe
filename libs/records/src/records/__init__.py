"""Records: described once, read and written in one place.

Master data has a `RecordType`: an entity, how it is read (`Reads`), and a few functions that say
what is particular about writing it. Its routes follow (`RecordRoutes`). Documents have `Reads`
only; their writes are their module's own.
"""

from pathlib import Path

__all__ = ["LOCALE"]

LOCALE = Path(__file__).parent / "locale"
"""The folder with the translations of what records refuse."""
