"""How it shows that the database is lost: restarted, killed or cut off.

Whoever works for good, behind the API, survives these and begins again.
"""

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["LOST", "DatabaseLost"]

LOST: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    SQLAlchemyError,
)
"""The driver's internal error when the server closed the connection between two calls."""


class DatabaseLost(ConnectionError):
    """The connection that an act held is gone; whether it was committed, only a look can tell."""
