"""The sequence on each machine, with the changeover before each operation that it asks for."""

from collections import defaultdict
from itertools import permutations

from ortools.sat.python import cp_model

from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Resource
from erp.scheduling.rules.solving.machines import Visit
from erp.scheduling.rules.solving.variables import Number, Truth, Variables

__all__ = ["Sequences"]


class Sequences:
    """Circuits through the operations of each machine.

    Of many operations each is followed only by those near to it in the schedule to begin from, so
    that there are no more than `arcs_max` on a work centre; `complete` says that none is left out.
    """

    def __init__(self, variables: Variables, indexed: Indexed, arcs_max: int) -> None:
        self._variables = variables
        self._indexed = indexed
        self._arcs_max = arcs_max
        self._earlier = _earlier(indexed)
        self.complete = True

    def add(self, resource: Resource, visits: list[Visit]) -> None:
        """The sequences of the machines of a work centre."""
        terms: dict[str, list[Number]] = defaultdict(list)
        for unit in range(resource.capacity):
            here = [one for one in visits if unit in one.units]
            ordered = sorted(
                (one for one in here if one.operation.family is not None),
                key=lambda one: (one.hint.start, one.operation.id),
            )
            self._add_circuit(resource, unit, ordered, terms)
        for one in visits:
            if one.setup is not None:
                total = cp_model.LinearExpr.sum(terms[one.operation.id])
                self._variables.model.add(one.setup == total)

    def _add_circuit(
        self, resource: Resource, unit: int, visits: list[Visit], terms: dict[str, list[Number]]
    ) -> None:
        if not visits:
            return
        there = [
            place
            for place, one in enumerate(visits, 1)
            if (one.hint.resource_id, one.hint.unit) == (resource.id, unit)
        ]
        hinted = set(zip([0, *there], [*there, 0], strict=True))
        arcs = self._ends(resource, unit, visits, hinted, terms)
        near = max(1, self._arcs_max // (2 * len(visits) * resource.capacity))
        for i, j in permutations(range(1, len(visits) + 1), 2):
            before, after = visits[i - 1], visits[j - 1]
            if not self._may_follow(resource, before, after):
                continue
            if abs(i - j) > near and (i, j) not in hinted:
                self.complete = False
                continue
            follows = self._variables.truth(hint=(i, j) in hinted)
            arcs.append((i, j, follows))
            self._follow(resource, before, after, follows, terms)
        self._variables.model.add_circuit(arcs)

    def _ends(
        self,
        resource: Resource,
        unit: int,
        visits: list[Visit],
        hinted: set[tuple[int, int]],
        terms: dict[str, list[Number]],
    ) -> list[tuple[int, int, Truth]]:
        """The arcs to the first operation, from the last, and past what is done elsewhere."""
        variables = self._variables
        arcs: list[tuple[int, int, Truth]] = []
        family = resource.family_at(unit)
        if all(one.units[unit] is not variables.yes for one in visits):
            arcs.append((0, 0, variables.truth(hint=(0, 0) in hinted)))
        for place, one in enumerate(visits, 1):
            first = variables.truth(hint=(0, place) in hinted)
            arcs.append((0, place, first))
            arcs.append((place, 0, variables.truth(hint=(place, 0) in hinted)))
            there = one.units[unit]
            if there is not variables.yes:
                arcs.append((place, place, ~there))
            minutes = self._indexed.changeover(resource.id, family, one.operation.family)
            terms[one.operation.id].append(minutes * first)
        return arcs

    def _may_follow(self, resource: Resource, before: Visit, after: Visit) -> bool:
        """Whether one may come right before the other on a machine."""
        if after.operation.id in self._earlier[before.operation.id]:
            return False
        if after.fixed is None:
            return True
        if before.fixed is not None:
            return before.fixed.start <= after.fixed.start
        hours = self._indexed.hours(resource.id)
        given = hours.worked(after.fixed.start) - hours.worked(after.fixed.setup_start)
        families = (before.operation.family, after.operation.family)
        return self._indexed.changeover(resource.id, *families) <= given

    def _follow(
        self,
        resource: Resource,
        before: Visit,
        after: Visit,
        follows: cp_model.IntVar,
        terms: dict[str, list[Number]],
    ) -> None:
        if before.fixed is None or after.fixed is None:
            model = self._variables.model
            model.add(after.begin >= before.end).only_enforce_if(follows)
        families = (before.operation.family, after.operation.family)
        minutes = self._indexed.changeover(resource.id, *families)
        if minutes:
            terms[after.operation.id].append(minutes * follows)


def _earlier(indexed: Indexed) -> dict[str, set[str]]:
    """The operations that must end before each begins."""
    found: dict[str, set[str]] = {}
    for operation in indexed.ordered:
        found[operation.id] = set(operation.after)
        for earlier in operation.after:
            found[operation.id] |= found[earlier]
    return found
