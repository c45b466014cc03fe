"""Items of a batch done together: each ends as it would alone, and few attempts are in vain."""

from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace
from uuid import uuid4

import pytest

from chassis.http.batch import AtOnce, each_in_savepoint
from chassis.problems.standard import Forbidden


class Acts:
    """A unit of work without a database, and what was tried in it together."""

    def __init__(self, refused):
        self.refused, self.tried, self.alone, self.done = refused, [], 0, []
        self.trace = SimpleNamespace(request_id="r")

    @contextmanager
    def traced(self, _trace):
        yield

    @asynccontextmanager
    async def savepoint(self):
        kept = list(self.done)
        try:
            yield
        except BaseException:
            self.done = kept
            raise

    async def one(self, item):
        self.alone += 1
        return self._judged(item)

    async def several(self, sent):
        self.tried.append(len(sent))
        return [self._judged(item) for item, _ in sent]

    def _judged(self, item):
        if item.external_id in self.refused:
            raise Forbidden(scope="any")
        self.done.append(item.external_id)
        return "updated", SimpleNamespace(id=uuid4(), version=2, revision=3)


NAMES = [f"{number:02}" for number in range(64)]
NONE, FIRST, INNER, SOME, HALF = (), NAMES[:1], NAMES[41:42], NAMES[::16], NAMES[::2]


@pytest.mark.parametrize(
    ("refused", "tried", "alone"),
    [(NONE, 64, 0), (FIRST, 190, 2), (INNER, 210, 3), (SOME, 290, 8), (HALF, 190, 64),
     (NAMES, 130, 64)],
)  # fmt: skip
async def test_few_are_tried_together_in_vain(refused, tried, alone):
    acts, singly = Acts(refused), Acts(refused)
    told = await _told(acts, AtOnce(lambda _item, _trace: True, acts.several))
    assert told == await _told(singly, None)
    assert acts.done == singly.done == [name for name in NAMES if name not in refused]
    assert sum(acts.tried) <= tried
    assert acts.alone <= alone


async def _told(acts, at_once):
    """What each item was told, in order."""
    items = [SimpleNamespace(external_id=name) for name in NAMES]
    reply = await each_in_savepoint(acts, items, acts.one, language="en", at_once=at_once)
    return [(one.external_id, one.status) for one in reply.items]
