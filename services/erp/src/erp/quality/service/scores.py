"""How goods of suppliers came: received, rejected, late, and cases."""

from chassis.clock import days_between
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from erp.quality.queries.scores import scores_of
from erp.quality.schemas.scores import ScoresAsked, SupplierScore, SupplierScores

__all__ = ["supplier_scores"]


async def supplier_scores(at: Reading, asked: ScoresAsked) -> SupplierScores:
    """Scores of a period, of all suppliers or of one. Raises InvalidInput (days reversed)."""
    if asked.last_on < asked.first_on:
        message = "The last day lies before the first one."
        raise InvalidInput(errors=[FieldError("/query/last_on", "days_reversed", message)])
    instants = days_between(at.setting.zone, asked.first_on, asked.last_on)
    rows = await scores_of(at.sql, (asked.first_on, asked.last_on), instants, asked.supplier_id)
    return SupplierScores(
        first_on=asked.first_on,
        last_on=asked.last_on,
        suppliers=[SupplierScore.model_validate(row) for row in rows],
    )
