"""Carries the next events of leased lanes, several of one kind at once, and records the outcomes.

Each lane is judged and recorded for itself: what goes wrong with one holds up no other (B33).
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.storage.lost import LOST
from chassis.telemetry.logs import get_logger
from sync_bridge.flows import BY_EVENT, Flow
from sync_bridge.identity.errors import PairTaken
from sync_bridge.inbox.received import Received
from sync_bridge.lanes import queries, service
from sync_bridge.lanes.carrier import Carried, Carrier, Errand, Try
from sync_bridge.lanes.queries import Leased
from sync_bridge.lanes.rules.order import Turn, next_turn
from sync_bridge.lanes.standstill import Denied, Later, Parks, Standstill

if TYPE_CHECKING:
    from chassis.storage.database import Database
    from sync_bridge.settings import BridgeSettings

__all__ = ["Carrying"]

AWAY = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.PostgresSystemError,
    PoolTimeout,
    DBAPIError,
)
"""What passes when the database is back, or less busy. Anything else it says is about the row."""

AGAIN_SECONDS = 1.0
"""A lane is left alone for so long when the database went away while it was carried."""

Apart: TypeAlias = Callable[[Leased, Coroutine[Any, Any, None]], None]
"""Lets a lane be carried on by itself."""
log = get_logger("sync_bridge.lanes")


@dataclass(frozen=True)
class Going:
    """A lane and the event whose turn it is."""

    lane: Leased
    turn: Turn

    @property
    def event(self) -> Received:
        """The event."""
        return service.event_of(self.lane, self.turn)


def _try_of(one: Going) -> Try:
    superseded = tuple(one.lane.events[at].received for at in one.turn.superseded)
    return Try(one.event, one.lane.refusals, superseded, one.turn.jumped)


Outcome: TypeAlias = tuple[Going, Carried | Standstill]


class Carrying:
    """Carries leased lanes. One for all lanes of a process."""

    def __init__(self, database: "Database", carrier: Carrier, settings: "BridgeSettings") -> None:
        self._database = database
        self._carrier = carrier
        self._settings = settings
        self._calls = {half: asyncio.Semaphore(settings.concurrency) for half in ("crm", "erp")}

    async def carry(self, lanes: Sequence[Leased], apart: Apart) -> None:
        """Carry the next event of each lane; all are of one kind.

        What one call can tell is told here, at once. A lane that needs calls of its own is handed
        to `apart`.
        """
        patience = timedelta(seconds=self._settings.gap_seconds)
        try:
            going: dict[str, list[Going]] = {}
            for lane in lanes:
                turn = next_turn(lane.events, applied=lane.applied_version, patience=patience)
                if turn.carry is None:
                    await self._pass_over(lane, turn)
                else:
                    one = Going(lane, turn)
                    going.setdefault(one.event.type, []).append(one)
            for event_type, some in going.items():
                await self._carry_some(event_type, some, apart)
        except AWAY as away:
            await self.leave(lanes, away)

    async def leave(self, lanes: Sequence[Leased], away: BaseException) -> None:
        """The database went away: when it is back, give back what was not recorded.

        Until then the lanes are kept, so that the try is not counted as one.
        """
        for lane in lanes:
            log.warning("lane_interrupted", lane=lane.key, error=type(away).__name__)
        given_back = False
        while not given_back:
            await asyncio.sleep(AGAIN_SECONDS)
            given_back = await self.give_back(lanes)

    async def give_back(self, lanes: Sequence[Leased]) -> bool:
        """Let others carry the lanes whose leases are still held; False: the database is lost."""
        try:
            async with self._database.driver() as sql:
                await queries.release(sql, lanes)
        except LOST:
            log.warning("leases_not_given_back", lanes=len(lanes))
            return False
        return True

    async def _pass_over(self, lane: Leased, turn: Turn) -> None:
        try:
            async with self._database.transaction() as work:
                await service.pass_over(work, lane, turn)
        except service.LeaseLost:
            log.warning("lease_lost", lane=lane.key)
        except AWAY:
            raise
        except Exception as raised:
            log.exception("lane_record_fault", lane=lane.key)
            await self._hold(lane, type(raised).__name__, version=lane.applied_version)

    async def _carry_some(self, event_type: str, some: Sequence[Going], apart: Apart) -> None:
        flow = BY_EVENT.get(event_type)
        if flow is None:
            await self._record([(one, Parks("no_such_flow", event_type)) for one in some])
            return
        looked = await self._look(flow, some)
        errands = [(one, found) for one, found in looked if isinstance(found, Errand)]
        await self._record([(one, found) for one, found in looked if not isinstance(found, Errand)])
        together = [pair for pair in errands if flow.in_batches and pair[1].says_all_at_once]
        if len(together) > 1 and await self._told_together(together):
            errands = [pair for pair in errands if pair not in together]
        for one, errand in errands:
            apart(one.lane, self._carry_alone(one, errand))

    async def _look(
        self, flow: Flow, some: Sequence[Going]
    ) -> list[tuple[Going, Errand | Carried | Standstill]]:
        """What is to be done for each; what was tried too often without a word is put aside."""
        most = self._settings.attempts_max
        untold: list[tuple[Going, Errand | Carried | Standstill]] = [
            (one, Parks(service.EXHAUSTED, "no outcome was recorded"))
            for one in some
            if one.lane.refusals > most
        ]
        fit = [one for one in some if one.lane.refusals <= most]
        tries = [_try_of(one) for one in fit]
        found = await self._carrier.look(flow, tries) if tries else []
        return [*untold, *zip(fit, found, strict=True)]

    async def _told_together(self, together: Sequence[tuple[Going, Errand]]) -> bool:
        """Put them by one call and record each; False when they are to be put one by one."""
        try:
            came = await self._carrier.carry_together([errand for _, errand in together])
        except Denied as denied:
            first, *others = [one for one, _ in together]
            await self._record([(first, denied)])
            await self.give_back([one.lane for one in others])
            return True
        except AWAY:
            raise
        except Exception:  # a fault of ours with one of them stops not the others
            log.exception("lanes_fault", lanes=len(together))
            return False
        if came is None:
            return False
        await self._record([(one, what) for (one, _), what in zip(together, came, strict=True)])
        return True

    async def _carry_alone(self, one: Going, errand: Errand) -> None:
        """Carry an event by calls of its own, outside every transaction, and record it."""
        try:
            async with self._calls[errand.calls.flow.target]:
                came = await self._try(one, errand)
            await self._record_one(one, came)
        except AWAY as away:
            await self.leave([one.lane], away)

    async def _try(self, one: Going, errand: Errand) -> Carried | Standstill:
        try:
            return await self._carrier.carry(errand)
        except Standstill as why:
            return why
        except AWAY:
            raise
        except Exception as raised:  # a fault of ours stops one lane, not all
            log.exception("lane_fault", lane=one.lane.key, event_id=str(one.event.event_id))
            return Later("internal_error", type(raised).__name__, exhaustible=True)

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        """Record what came of each: effects without a new pair all at once, the others alone."""
        effects = [
            (one.lane, one.turn, came)
            for one, came in outcomes
            if isinstance(came, Carried) and came.joined is None
        ]
        recorded = await self._record_effects(effects)
        for one, came in outcomes:
            if one.lane.key not in recorded:
                await self._record_one(one, came)

    async def _record_effects(self, effects: Sequence[tuple[Leased, Turn, Carried]]) -> set[str]:
        """The keys of the lanes that are seen to; none when one of them cannot be recorded."""
        if len(effects) < 2:  # noqa: PLR2004 - alone it is recorded alone
            return set()
        try:
            async with self._database.transaction() as work:
                lost = await service.record_effects(work, effects)
        except AWAY:
            raise
        except Exception:
            log.exception("lanes_record_fault", lanes=len(effects))
            return set()
        for lane in lost:
            log.warning("lease_lost", lane=lane.key)
        return {lane.key for lane, _, _ in effects}

    async def _record_one(self, one: Going, came: Carried | Standstill) -> None:
        if isinstance(came, Standstill):
            log.info("lane_stands", lane=one.lane.key, why=came.reason)
        try:
            await self._write(one, came)
        except PairTaken as taken:
            both = " ".join(f"{name}:{value}" for name, value in taken.facts.items())
            await self._record_one(one, Parks(taken.code, both))
        except service.LeaseLost:
            log.warning("lease_lost", lane=one.lane.key)
        except AWAY:
            raise
        except Exception as raised:  # what came of it cannot be recorded: that is recorded
            log.exception("lane_record_fault", lane=one.lane.key)
            await self._record_fault(one, type(raised).__name__)

    async def _record_fault(self, one: Going, fault: str) -> None:
        """Count the try. Where not even that can be told, hold the lane without telling anyone.

        The call may have had its effect; it is repeated safely, by version and key, until the
        tries are over.
        """
        try:
            await self._write(one, Later("internal_error", fault, exhaustible=True))
        except service.LeaseLost:
            log.warning("lease_lost", lane=one.lane.key)
        except AWAY:
            raise
        except Exception:
            log.exception("lane_record_fault", lane=one.lane.key)
            await self._hold(one.lane, fault, version=one.event.aggversion)

    async def _hold(self, lane: Leased, fault: str, *, version: int) -> None:
        log.error("lane_held", lane=lane.key, reason="internal_error", fault=fault)
        async with self._database.driver() as sql:
            await queries.park(sql, lane, reason="internal_error", detail=fault, version=version)

    async def _write(self, one: Going, came: Carried | Standstill) -> None:
        async with self._database.transaction(trace=service.trace_of(one.lane, one.turn)) as work:
            if isinstance(came, Carried):
                await service.record_carried(work, one.lane, one.turn, came)
            else:
                await service.record_standstill(
                    work, one.lane, one.turn, came, settings=self._settings
                )
