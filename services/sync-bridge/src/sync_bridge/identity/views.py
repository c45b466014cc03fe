"""Links and reviews as lists."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from sync_bridge.explanations import Explanation
from sync_bridge.identity.schemas import PairQuery, PairView, ReviewQuery, ReviewView
from sync_bridge.labels import BY_NAME, BY_NUMBER, search_key
from sync_bridge.ownership import other
from sync_bridge.translator import Translator

__all__ = ["AGREES", "AGREES_LINKED", "REASONS", "pair_page", "review_page", "review_view"]

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

_CREATED = {"created_at": Sort("created_at", "timestamptz")}


async def pair_page(at: Reading, wanted: PairQuery, asked: PageQuery) -> Page[PairView]:
    """Links, the newest first."""
    return await fetch_page(
        at.sql,
        columns="pair.*, pair.entity as type",
        source="pair",
        view=_pair,
        sorts=_CREATED,
        default="-created_at",
        asked=asked,
        where=[
            Filter("entity = {}", wanted.type),
            Filter("crm_id = {}", wanted.crm_id),
            Filter("erp_id = {}", wanted.erp_id),
        ],
    )


async def review_page(
    at: Reading, wanted: ReviewQuery, asked: PageQuery, translator: Translator
) -> Page[ReviewView]:
    """Reviews, the oldest first."""
    number, name = (value and search_key(value) for value in (wanted.number, wanted.name))
    page = await fetch_page(
        at.sql,
        columns="review.*",
        source="review",
        view=dict,
        sorts=_CREATED,
        default="created_at",
        asked=asked,
        where=[
            Filter("state = {}", wanted.state),
            Filter("entity = {}", wanted.entity),
            Filter("half = {}", wanted.half),
            Filter("subject = {}", wanted.subject),
            Filter("candidates @> {}::jsonb", _naming(id=wanted.candidate)),
            Filter("candidates @> {}::jsonb", _naming(reasons=wanted.reason)),
            Filter(NAMED.format(f"where {BY_NUMBER}"), number),
            Filter(NAMED.format(f"where {BY_NAME}"), name),
        ],
    )
    views = await _review_views(at, page.items, translator)
    return Page(items=views, next_cursor=page.next_cursor)


async def review_view(at: Reading, review_id: UUID, translator: Translator) -> ReviewView:
    """One review. Raises NotFound."""
    row = await at.sql.fetchrow("select * from review where id = $1", review_id)
    if row is None:
        raise NotFound(entity="review", id=review_id)
    (view,) = await _review_views(at, [dict(row)], translator)
    return view


async def _review_views(
    at: Reading, reviews: Sequence[Mapping[str, Any]], translator: Translator
) -> list[ReviewView]:
    """Reviews with what the records of both sides are called, and why they are compared."""
    keys = [_lane(one, one["half"], one["subject"]) for one in reviews]
    keys += [
        _lane(one, other(one["half"]), candidate["id"])
        for one in reviews
        for candidate in one["candidates"]
    ]
    rows = await at.sql.fetch(LABELS, list(set(keys))) if keys else []
    labels = {
        row["key"]: {"number": row["number"], "name": row["name"]}
        for row in rows
        if row["number"] or row["name"]
    }
    views = []
    for one in reviews:
        candidates = [
            NO_LABEL
            | candidate
            | labels.get(_lane(one, other(one["half"]), candidate["id"]), {})
            | {"explanation": _explanation(candidate, one["half"], translator)}
            for candidate in one["candidates"]
        ]
        label = labels.get(_lane(one, one["half"], one["subject"]), NO_LABEL)
        views.append(ReviewView.model_validate({**one, **label, "candidates": candidates}))
    return views


def _lane(review: Mapping[str, Any], half: str, record: object) -> str:
    return f"{half}.{review['entity']}:{record}"


def _explanation(candidate: Mapping[str, Any], half: str, translator: Translator) -> str:
    """What agrees, the strongest first, and whether the candidate has a counterpart already."""
    reasons = candidate.get("reasons") or [candidate["why"]]
    words = (translator.word(REASONS.get(reason, reason)) for reason in reasons)
    alike = translator.word("; ").join(words)
    text = AGREES if candidate["linked_to"] is None else AGREES_LINKED
    return translator.write(
        Explanation.of(text, alike=alike, half=half.upper(), record=candidate["linked_to"])
    )


def _naming(**wanted: UUID | str | None) -> str | None:
    """A list with a candidate of whom that holds; None where nothing is wanted."""
    [(name, value)] = wanted.items()
    if value is None:
        return None
    return orjson.dumps([{name: [value] if name == "reasons" else str(value)}]).decode()


def _pair(row: Mapping[str, Any]) -> PairView:
    return PairView.model_validate(dict(row))
