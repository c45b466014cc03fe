"""What is to be scheduled, and what a schedule is.

Time is whole minutes since `Problem.origin`, an instant in UTC; what has begun before it has a
negative start. An interval holds its first minute and not its last. Everything is frozen and can
be sent to another process.
"""

from dataclasses import dataclass, field
from datetime import datetime

from erp.scheduling.states import ConflictKind, ReasonKind, ScheduleMethod, ViolationKind, WaitKind

__all__ = [
    "Assignment",
    "Changeover",
    "Conflict",
    "Hours",
    "Impossible",
    "Limit",
    "MovedOperation",
    "MovedOrder",
    "Moves",
    "Operation",
    "Option",
    "Order",
    "Pool",
    "Problem",
    "Progress",
    "Reason",
    "Resource",
    "Schedule",
    "Use",
    "Violation",
    "Weights",
]

Hours = tuple[tuple[int, int], ...]
"""Working time as (from, until) in minutes: in order, apart from each other, within the horizon."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A work centre of so many machines alike, each set up at the origin for the family `setup`.

    `units`: the family of each machine, where they differ. A machine that is set up for nothing
    yet takes any family without a changeover.
    """

    id: str
    capacity: int
    hours: Hours
    setup: str | None = None
    units: tuple[str | None, ...] = ()

    def family_at(self, unit: int) -> str | None:
        """What the machine is set up for at the origin."""
        return self.units[unit] if unit < len(self.units) else self.setup

    @property
    def families(self) -> set[str | None]:
        """What its machines are set up for at the origin."""
        return {self.family_at(unit) for unit in range(self.capacity)}


@dataclass(frozen=True, slots=True)
class Pool:
    """People with a skill, or tools of a kind: so many at once, and only in their hours."""

    id: str
    capacity: int
    hours: Hours


@dataclass(frozen=True, slots=True)
class Option:
    """Where an operation can be done, and its minutes there: run and set-up of each order."""

    resource_id: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Use:
    """So many of a pool, from the start of the run to its end, breaks included."""

    pool_id: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Assignment:
    """An operation on one machine, `unit`, of a work centre.

    The changeover lasts from `setup_start` to `start` at the latest, and takes as much working
    time of the machine as lies between the two; both are equal where there is none.
    """

    operation_id: str
    resource_id: str
    unit: int
    setup_start: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Operation:
    """A step of an order. `options`: the preferred one first.

    `after`: operations that end before it begins, with `lag` minutes of the clock in between.
    `earliest`: it begins no earlier, because of `waits_for`. `family` None: it needs no changeover
    and leaves the machine as it is set up. `split`: breaks interrupt it, and it goes on after them;
    otherwise it begins only where it ends before the next break. It is worked on while both its
    machine and all its pools work. `fixed`: it runs or is frozen, and stays where it is.
    """

    id: str
    order_id: str
    options: tuple[Option, ...]
    after: tuple[str, ...] = ()
    lag: int = 0
    earliest: int = 0
    family: str | None = None
    split: bool = True
    pools: tuple[Use, ...] = ()
    fixed: Assignment | None = None
    waits_for: WaitKind = WaitKind.MATERIAL


@dataclass(frozen=True, slots=True)
class Order:
    """What is due when. The lower number of `priority` goes first, None last, `rush` before all.

    `tail`: minutes of the clock from its last operation until it is done; `due` is that much before
    the order itself is due.
    """

    id: str
    due: int
    priority: int | None = None
    rush: bool = False
    tail: int = 0


@dataclass(frozen=True, slots=True)
class Changeover:
    """Minutes from one family to another; `resource_id` None: on each work centre without its own.

    What has no row takes no time.
    """

    resource_id: str | None
    from_family: str
    to_family: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Weights:
    """What a minute costs, so that the sum of all is to be small; whole numbers, 0 and above.

    `tardiness`: of an order after its due date; a rush order counts `rush` times as much, others
    by their priority (`factor`). `makespan`: until the last end. `setup`: of changeovers.
    `flow`: of the end of each order, so that work is not put off without reason.
    `moved`: for an operation that begins elsewhere or at another minute than published.
    `alternate`: for each place down the list of options.
    """

    tardiness: int = 10
    rush: int = 10
    makespan: int = 1
    setup: int = 1
    flow: int = 0
    moved: int = 240
    alternate: int = 5

    def factor(self, order: Order) -> int:
        """How much a minute of the order's tardiness costs."""
        if order.rush:
            return self.tardiness * self.rush
        urgency = 1 if order.priority is None else max(1, 10 - order.priority)
        return self.tardiness * urgency


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything that a schedule depends on. `previous`: what is published now."""

    origin: datetime
    horizon: int
    resources: tuple[Resource, ...]
    orders: tuple[Order, ...]
    operations: tuple[Operation, ...]
    pools: tuple[Pool, ...] = ()
    changeovers: tuple[Changeover, ...] = ()
    previous: tuple[Assignment, ...] = ()
    weights: Weights = field(default_factory=Weights)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Assignments in the order of their starts.

    `objective` is the weighted sum, `bound` what no schedule can go below (None: not proven),
    `gap` the part of the objective between them. `optimal`: they meet. `moved`: operations that
    begin elsewhere than published. `seconds` is what it took; two schedules of one problem and
    seed differ in nothing but that.
    """

    assignments: tuple[Assignment, ...]
    method: ScheduleMethod
    objective: int
    makespan: int
    bound: int | None = None
    moved: int = 0
    seconds: float = 0.0

    @property
    def gap(self) -> float | None:
        """How far it may be from the best, from 0 to 1; None: no bound is proven."""
        if self.bound is None:
            return None
        return (self.objective - self.bound) / self.objective if self.objective else 0.0

    @property
    def optimal(self) -> bool:
        """Whether it is proven that none is better."""
        return self.bound is not None and self.bound >= self.objective


@dataclass(frozen=True, slots=True)
class Limit:
    """When the solver stops, and with how many threads, `workers`, it works.

    `work` is in its own seconds, which do not depend on how busy the computer is, so that the
    result is the same each time; `seconds` on the clock end what takes much longer than that.
    """

    work: float = 30.0
    seconds: float = 120.0
    workers: int = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """What the solver has found so far."""

    objective: int
    bound: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Violation:
    """What a schedule gets wrong, where: an operation and, of two, the other one."""

    kind: ViolationKind
    operation_id: str
    other_id: str | None = None
    resource_id: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why there is no schedule: these operations, with this work centre, skill or tool.

    `minutes`: what is needed, `available`: what there is, in minutes or, of a pool, in number.
    """

    kind: ConflictKind
    operation_ids: tuple[str, ...]
    resource_id: str | None = None
    pool_id: str | None = None
    needed: int | None = None
    available: int | None = None


class Impossible(Exception):
    """No schedule exists; `conflicts` say why."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        super().__init__(", ".join(one.kind for one in conflicts))
        self.conflicts = conflicts


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an order ends when it does: so many minutes because of this.

    `resource_id` or `pool_id`: what was occupied; `by_operation_id`: by what.
    """

    kind: ReasonKind
    operation_id: str | None = None
    minutes: int = 0
    resource_id: str | None = None
    pool_id: str | None = None
    by_operation_id: str | None = None


@dataclass(frozen=True, slots=True)
class MovedOperation:
    """An operation that begins elsewhere or at another minute; None: it was not there."""

    operation_id: str
    before: Assignment | None
    after: Assignment | None


@dataclass(frozen=True, slots=True)
class MovedOrder:
    """An order that ends at another minute; `late` counts the minutes after its due date."""

    order_id: str
    end_before: int | None
    end_after: int | None
    late_before: int
    late_after: int


@dataclass(frozen=True, slots=True)
class Moves:
    """What one schedule changes against another. `share`: moved ones of those in both (E69)."""

    operations: tuple[MovedOperation, ...]
    orders: tuple[MovedOrder, ...]
    share: float
