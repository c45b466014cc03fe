"""Whatever order events, links, readings and edits come in, both halves end with what was meant.

The model: a field has the last value that its owner gave it; if the owner never did, the last one
that the half gave it where the record was made.
"""

import dataclasses
import itertools

import asyncpg
import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync_bridge.inbox.received import ReceivedEvent
from tests.halves import Half, Rig

PLACES = {"crm": "/v1/accounts", "erp": "/v1/customers"}
OTHER = {"crm": "erp", "erp": "crm"}
OWNER = {"name": "crm", "phone": "crm", "tax_id": "erp"}
TABLES = ("inbox", "lane", "pair", "shadow", "creation", "review", "position")

fields = st.sampled_from(sorted(OWNER))
edits = st.tuples(st.sampled_from(["maker", "other"]), fields)
steps = st.one_of(
    st.tuples(st.just("edit"), edits),
    st.tuples(st.just("deliver"), st.tuples(st.sampled_from(["crm", "erp"]), st.integers(0, 3))),
    st.tuples(st.just("carry"), st.none()),
)
"""`deliver`: one of a half's events that were not delivered yet, so in any order."""
between = st.dictionaries(
    st.integers(1, 12),
    st.tuples(st.booleans(), st.lists(edits, max_size=2)),
    max_size=4,
)
"""After which call of the bridge somebody edits, and whether its answer is lost."""


@dataclasses.dataclass
class Story:
    """A record made at one half, and what people gave its fields."""

    rig: Rig
    maker: str
    given: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    numbers: itertools.count = dataclasses.field(default_factory=itertools.count)

    def make(self):
        """A person makes the record."""
        facts = {field: self._value(self.maker, field) for field in OWNER}
        self.half(self.maker).makes(PLACES[self.maker], **facts)

    def half(self, name):
        """The half of that name."""
        return getattr(self.rig, name)

    def edit(self, who, field):
        """A person edits a field, unless the record is not there or the other half leads in it."""
        name = self.maker if who == "maker" else OTHER[self.maker]
        half = self.half(name)
        for record in half.records.get(PLACES[name], {}).values():
            if record["external_refs"] and OWNER[field] != name:
                continue
            half.changes(PLACES[name], record["id"], **{field: self._value(name, field)})

    def _value(self, name, field):
        self.given[name, field] = f"{field} {next(self.numbers)}"
        return self.given[name, field]

    def meant(self):
        """What both halves should end with."""
        return {
            field: self.given.get((owner, field), self.given[self.maker, field])
            for field, owner in OWNER.items()
        }

    def interrupt(self, plan):
        """Let people edit, and answers be lost, after calls of the bridge."""
        calls = itertools.count(1)
        for half in (self.rig.crm, self.rig.erp):
            answering = self._answering(half.handle_async_request, calls, plan)
            half.handle_async_request = answering  # type: ignore[method-assign] # of this one only

    def _answering(self, real, calls, plan):
        async def answer(request):
            reply = await real(request)
            lost, edits = plan.get(next(calls), (False, []))
            for edit in edits:
                self.edit(*edit)
            if lost:
                message = "reset"
                raise httpx.ReadError(message, request=request)
            return reply

        return answer

    async def play(self, steps):
        """Do the steps; what was not delivered is, in the end."""
        undelivered: dict[str, list[ReceivedEvent]] = {"crm": [], "erp": []}
        for what, how in steps:
            for name, events in undelivered.items():
                outbox = self.half(name).outbox
                events.extend(outbox[self.rig.delivered[name] :])
                self.rig.delivered[name] = len(outbox)
            if what == "edit":
                self.edit(*how)
            elif what == "carry":
                await self.rig.drain()
            elif undelivered[how[0]]:
                name, number = how
                chosen = undelivered[name].pop(number % len(undelivered[name]))
                await self.rig.receive(chosen)
        for events in undelivered.values():
            await self.rig.receive(*events)
        for _ in range(3):
            await self.rig.synchronize(rounds=30)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from(["crm", "erp"]), st.lists(steps, max_size=8), between)
async def test_both_halves_end_with_what_was_meant(bridge, maker, steps, between):
    """B48, B49, B51: nothing is set back, nothing is doubled, and what is kept hides nothing."""
    owner = await asyncpg.connect(bridge.owner_url)
    for table in TABLES:
        await owner.execute(f"delete from {table}")
    await owner.close()
    rig = Rig(bridge, crm=Half("crm"), erp=Half("erp"))
    story = Story(rig, maker)
    story.make()
    story.interrupt(between)
    await story.play(steps)
    (account,) = rig.crm.records[PLACES["crm"]].values()
    (customer,) = rig.erp.records[PLACES["erp"]].values()
    meant = story.meant()
    assert {field: account[field] for field in OWNER} == meant
    assert {field: customer[field] for field in OWNER} == meant
    assert await rig.fetch("select key from lane where state <> 'idle'") == []
    assert await rig.fetch("select id from creation") == []
    await rig.close()
