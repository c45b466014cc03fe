"""The handle of a read: its connection, who reads, and where and when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.actor import SYSTEM, Actor
from chassis.clock import business_day, utc_now
from chassis.settings import ServiceSettings

__all__ = ["Reading", "Setting"]


@dataclass(frozen=True)
class Setting:
    """What an act or a read must know of where it runs. `roles`: role -> its permissions."""

    service: str
    zone: ZoneInfo
    currency: str
    settings: ServiceSettings
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Reading:
    """One connection without a transaction: each statement sees what is committed then.

    `sql` is the driver's connection. `actor` is who reads, `now` when the read began.
    """

    def __init__(
        self,
        sql: "asyncpg.Connection[Any]",
        connection: Callable[[], AsyncConnection],
        *,
        setting: Setting,
        actor: Actor = SYSTEM,
    ) -> None:
        self.sql = sql
        self.setting = setting
        self.actor = actor
        self.now: datetime = utc_now()
        self._connection = connection
        self._session: AsyncSession | None = None

    @property
    def session(self) -> AsyncSession:
        """An ORM session on this connection, made on first use."""
        if self._session is None:
            bind = self._connection()
            self._session = AsyncSession(bind, expire_on_commit=False, autoflush=False)
        return self._session

    def today(self) -> date:
        """The business date of this act or read in the installation's zone."""
        return business_day(self.setting.zone, self.now)
