"""Links and reviews as lists."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from records.filters import among
from records.reads import Reads, everybody
from sync_bridge.explanations import Explanation
from sync_bridge.identity.schemas import CandidateView, PairQuery, PairView, ReviewQuery, ReviewView
from sync_bridge.labels import BY_NAME, BY_NUMBER, search_key
from sync_bridge.translator import Translator

__all__ = [
    "AGREES",
    "AGREES_LINKED",
    "PAIRS",
    "REASONS",
    "REVIEWS",
    "explain_reviews",
    "review_view",
]

LABELS = "select key, number, name from lane where key = any($1::text[])"
NO_LABEL = {"number": "", "name": ""}
NAMED = """(subject = any(array(select subject from lane {0}))
  or candidates @> any(array(
    select jsonb_build_array(jsonb_build_object('id', subject::text)) from lane {0})))"""

REASONS = {
    "external_id": "the same id in a third system",
    "tax_id": "the same tax id",
    "email": "the same e-mail address",
    "phone": "the same phone number",
    "name_and_address": "the same name and place",
    "sku": "the same SKU",
    "person": "named by a person",
}
AGREES = "What agrees: {alike}."
AGREES_LINKED = "What agrees: {alike}. It is linked already, to {half}:{record}."


def _of_pair(_at: Reading, wanted: PairQuery) -> list[Filter]:
    return [
        Filter("entity = {}", wanted.type),
        Filter("crm_id = {}", wanted.crm_id),
        Filter("erp_id = {}", wanted.erp_id),
        among("how", wanted.how),
    ]


def _of_review(_at: Reading, wanted: ReviewQuery) -> list[Filter]:
    number, name = (value and search_key(value) for value in (wanted.number, wanted.name))
    return [
        among("state", wanted.state),
        Filter("entity = {}", wanted.entity),
        Filter("half = {}", wanted.half),
        Filter("subject = {}", wanted.subject),
        Filter("candidates @> {}::jsonb", _naming(id=wanted.candidate)),
        Filter("candidates @> {}::jsonb", _naming(reasons=wanted.reason)),
        Filter(NAMED.format(f"where {BY_NUMBER}"), number),
        Filter(NAMED.format(f"where {BY_NAME}"), name),
    ]


PAIRS = Reads(
    name="mapping",
    view=PairView,
    columns="pair.*, pair.entity as type",
    source="pair",
    visible=everybody,
    query=PairQuery,
    filters=_of_pair,
    sorts=dict.fromkeys(("created_at", "updated_at"), Sort("created_at", "timestamptz")),
)
REVIEWS = Reads(
    name="review",
    view=ReviewView,
    columns="review.*, '' as number, '' as name",
    source="review",
    visible=everybody,
    query=ReviewQuery,
    filters=_of_review,
    default_sort="created_at",
    show=lambda _at, row: _unnamed(row),
)


async def explain_reviews(
    at: Reading, reviews: Sequence[ReviewView], translator: Translator
) -> list[ReviewView]:
    """Reviews with what the records of both sides are called, and why they are compared."""
    keys = [_lane(one, one.half, one.subject) for one in reviews]
    keys += [_twin_lane(one, candidate) for one in reviews for candidate in one.candidates]
    rows = await at.sql.fetch(LABELS, list(set(keys))) if keys else []
    labels = {
        row["key"]: {"number": row["number"], "name": row["name"]}
        for row in rows
        if row["number"] or row["name"]
    }
    return [_explained(one, labels, translator) for one in reviews]


async def review_view(at: Reading, review_id: UUID, translator: Translator) -> ReviewView:
    """One review. Raises NotFound."""
    (view,) = await explain_reviews(at, [await REVIEWS.get(at, review_id)], translator)
    return view


def _unnamed(row: Mapping[str, Any]) -> ReviewView:
    """The review as it is kept; what records are called stands at their lanes."""
    unnamed = [NO_LABEL | {"explanation": ""} | one for one in row["candidates"]]
    return ReviewView.model_validate({**row, "candidates": unnamed})


def _explained(
    review: ReviewView, labels: Mapping[str, Mapping[str, str]], translator: Translator
) -> ReviewView:
    half = review.half
    candidates = [
        one.model_copy(
            update={
                **labels.get(_twin_lane(review, one), {}),
                "explanation": _explanation(one, half, translator),
            }
        )
        for one in review.candidates
    ]
    label = labels.get(_lane(review, half, review.subject), {})
    return review.model_copy(update={**label, "candidates": candidates})


def _lane(review: ReviewView, half: str, record: UUID) -> str:
    return f"{half}.{review.entity}:{record}"


def _twin_lane(review: ReviewView, candidate: CandidateView) -> str:
    return _lane(review, "erp" if review.half == "crm" else "crm", candidate.id)


def _explanation(candidate: CandidateView, half: str, translator: Translator) -> str:
    """What agrees, the strongest first, and whether the candidate has a counterpart already."""
    reasons = candidate.reasons or [candidate.why]
    words = (translator.word(REASONS.get(reason, reason)) for reason in reasons)
    alike = translator.word("; ").join(words)
    text = AGREES if candidate.linked_to is None else AGREES_LINKED
    return translator.write(
        Explanation.of(text, alike=alike, half=half.upper(), record=candidate.linked_to)
    )


def _naming(**wanted: UUID | str | None) -> str | None:
    """A list with a candidate of whom that holds; None where nothing is wanted."""
    [(name, value)] = wanted.items()
    if value is None:
        return None
    return orjson.dumps([{name: [value] if name == "reasons" else str(value)}]).decode()
