"""What is published of score rules."""

from typing import Self

from pydantic import Field

from chassis.events.event import Event
from crm.score_rules.schemas import ScoreConditionView
from crm.score_rules.states import ScoreBasis
from records.custom.fields import CustomState
from values.text import Status

__all__ = ["ScoreRuleChanged"]


class ScoreRuleChanged(CustomState, Event):
    """A score rule was created, changed, archived or restored."""

    event_name = "score-rule-changed"
    topic = "score-rule"
    aggregate = "score-rule"

    name: str
    note: str = Field(description="What else is to be known.")
    based_on: ScoreBasis
    conditions: list[ScoreConditionView]
    points: int
    half_life_days: int | None
    count_max: int | None
    status: Status

    @classmethod
    def of(cls, record: object, changed: list[str]) -> Self:
        """The event of a score rule as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": changed})
