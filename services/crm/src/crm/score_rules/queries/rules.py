"""Named reads of score rules."""

from collections.abc import Sequence

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import searched
from crm.score_rules.models import ScoreRule
from crm.score_rules.schemas import ScoreRuleQuery, ScoreRuleView
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters

__all__ = ["SCORE_RULES"]


def _filters(_at: Reading, query: ScoreRuleQuery) -> Sequence[Filter]:
    return record_filters("score_rule", query)


SCORE_RULES = Reads(
    name="score_rule",
    view=ScoreRuleView,
    columns=columns_of(ScoreRuleView, ScoreRule.__table__),
    source="score_rule",
    visible=everybody,
    query=ScoreRuleQuery,
    filters=_filters,
    searched=searched.SCORE_RULES,
    sorts=BY_NAME,
)
