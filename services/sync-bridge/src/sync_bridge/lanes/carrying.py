"""Carries the next events of leased lanes, several of one kind at once, and records the outcomes.

Each lane is judged and recorded for itself: what goes wrong with one holds up no other (B33).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
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
from sync_bridge.lanes.carrier import Carrier
from sync_bridge.lanes.deliveries import Carried, Delivery, Try
from sync_bridge.lanes.leasing import Leased
from sync_bridge.lanes.rules.order import Turn, next_turn
from sync_bridge.lanes.standstill import Denied, Later, Parks, Standstill, Waits

if TYPE_CHECKING:
    from chassis.work.database import Database
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
Together: TypeAlias = Callable[[Sequence[Delivery]], Awaitable[Sequence[Carried | Standstill]]]
"""Delivers several of one flow by calls for all of them."""
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
    history, version = one.lane.applied
    later_history = one.event.is_state and one.event.history > history
    changed_since = any(each.history == one.event.history for each in superseded)
    restored = later_history and not changed_since and one.event.aggversion <= version
    return Try(
        event=one.event,
        refusals=one.lane.refusals,
        decided=one.lane.version,
        superseded=superseded,
        jumped=one.turn.jumped,
        restored=restored,
    )


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
                turn = next_turn(lane.events, applied=lane.applied, patience=patience)
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
            await self._hold(lane, type(raised).__name__, version=lane.applied[1])

    async def _carry_some(self, event_type: str, some: Sequence[Going], apart: Apart) -> None:
        flow = BY_EVENT.get(event_type)
        if flow is None:
            await self._record([(one, Parks("no_such_flow", event_type)) for one in some])
            return
        try:
            looked = await self._look(flow, some)
        except Denied as denied:
            await self._refused(some, denied)
            return
        await self._record([(one, it) for one, it in looked if not isinstance(it, Delivery)])
        ready = [(one, it) for one, it in looked if isinstance(it, Delivery)]
        at_once = [pair for pair in ready if pair[1].says_all_at_once]
        first = [pair for pair in ready if not pair[1].says_all_at_once]
        together = self._carrier.carry_together if flow.in_batches else None
        await self._deliver(at_once, together, apart)
        await self._deliver(first, self._carrier.meet if flow.in_batches else None, apart)

    async def _look(
        self, flow: Flow, some: Sequence[Going]
    ) -> list[tuple[Going, Delivery | Carried | Standstill]]:
        """What is to be done for each; what was tried too often without a word is put aside."""
        most = self._settings.attempts_max
        untold: list[tuple[Going, Delivery | Carried | Standstill]] = [
            (one, Parks(service.EXHAUSTED, "no outcome was recorded"))
            for one in some
            if one.lane.refusals > most
        ]
        fit = [one for one in some if one.lane.refusals <= most]
        tries = [_try_of(one) for one in fit]
        found = await self._carrier.look(flow, tries) if tries else []
        return [*untold, *zip(fit, found, strict=True)]

    async def _deliver(
        self,
        some: Sequence[tuple[Going, Delivery]],
        together: Together | None,
        apart: Apart,
    ) -> None:
        """Deliver several at once and record each; alone where that is not to be."""
        if together and len(some) > 1 and await self._told_together(some, together):
            return
        for one, delivery in some:
            apart(one.lane, self._carry_alone(one, delivery))

    async def _told_together(
        self, some: Sequence[tuple[Going, Delivery]], together: Together
    ) -> bool:
        """Deliver by calls for all and record each; False when each is to be delivered alone."""
        try:
            came = await together([delivery for _, delivery in some])
        except Denied as denied:
            await self._refused([one for one, _ in some], denied)
            return True
        except Standstill:
            return False
        except AWAY:
            raise
        except Exception:  # a fault of ours with one of them stops not the others
            log.exception("lanes_fault", lanes=len(some))
            return False
        await self._record([(one, what) for (one, _), what in zip(some, came, strict=True)])
        return True

    async def _refused(self, some: Sequence[Going], denied: Denied) -> None:
        """The bridge's key is refused: said once, and nothing is counted against any lane."""
        first, *others = some
        await self._record([(first, denied)])
        await self.give_back([one.lane for one in others])

    async def _carry_alone(self, one: Going, delivery: Delivery) -> None:
        """Carry an event by calls of its own, outside every transaction, and record it."""
        try:
            async with self._calls[delivery.calls.flow.target]:
                came = await self._try(one, delivery)
            await self._record_one(one, came)
        except AWAY as away:
            await self.leave([one.lane], away)

    async def _try(self, one: Going, delivery: Delivery) -> Carried | Standstill:
        try:
            return await self._carrier.carry(delivery)
        except Standstill as why:
            return why
        except AWAY:
            raise
        except Exception as raised:  # a fault of ours stops one lane, not all
            log.exception("lane_fault", lane=one.lane.key, event_id=str(one.event.event_id))
            return Later("internal_error", type(raised).__name__, exhaustible=True)

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        """Record what came of each: effects all at once, waits all at once, the others alone."""
        effects = [
            (one.lane, one.turn, came) for one, came in outcomes if isinstance(came, Carried)
        ]
        waits = [(one.lane, one.turn, came) for one, came in outcomes if isinstance(came, Waits)]
        recorded = await self._record_some(effects, service.record_effects)
        recorded |= await self._record_some(waits, service.record_waits)
        for one, came in outcomes:
            if one.lane.key not in recorded:
                await self._record_one(one, came)

    async def _record_some(
        self, some: Sequence[tuple[Leased, Turn, Any]], record: Callable[..., Any]
    ) -> set[str]:
        """The keys of the lanes that are seen to; none when one of them cannot be recorded."""
        if len(some) < 2:  # noqa: PLR2004 - alone it is recorded alone
            return set()
        try:
            async with self._database.transaction() as work:
                lost = await record(work, some)
        except (PairTaken, service.LeaseLost):
            return set()
        except AWAY:
            raise
        except Exception:
            log.exception("lanes_record_fault", lanes=len(some))
            return set()
        for lane in lost:
            log.warning("lease_lost", lane=lane.key)
        return {lane.key for lane, _, _ in some}

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
