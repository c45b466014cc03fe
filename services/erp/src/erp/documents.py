"""What documents of all modules share: how lines of an order may be changed."""

from collections.abc import Sequence
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput

__all__ = ["require_named_once", "require_same_items"]


def require_named_once(line_ids: Sequence[UUID | None]) -> None:
    """Refuse lines that name the same line of the order. None: a new line. Raises InvalidInput."""
    named = [line_id for line_id in line_ids if line_id is not None]
    wrong = [
        FieldError(f"/lines/{at}/id", "duplicate_line", "This line is named twice.")
        for at, line_id in enumerate(line_ids)
        if line_id is not None and named.count(line_id) > 1
    ]
    if wrong:
        raise InvalidInput(errors=wrong)


def require_same_items(items: Sequence[tuple[UUID, UUID] | None]) -> None:
    """Refuse lines with another item than they had: (before, now); None for a new line.

    Raises InvalidInput.
    """
    wrong = [
        FieldError(f"/lines/{at}", "other_item", "A line's item stays. Add a line for another one.")
        for at, pair in enumerate(items)
        if pair is not None and pair[0] != pair[1]
    ]
    if wrong:
        raise InvalidInput(errors=wrong)
