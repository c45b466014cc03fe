"""What tags bring into every service that keeps records."""

from collections.abc import Collection

from chassis.service import Module
from chassis.work.states import States
from records.tags.events import RecordTagsChanged, TagChanged
from records.tags.queries import record_tags_states, tag_states
from records.tags.router import READ, WRITE, tag_router
from records.tags.tables import RIGHTS

__all__ = ["tags_module"]


def tags_module(*, keepers: Collection[str], readers: Collection[str]) -> Module:
    """The module of a service where these roles make tags and merge them, and those see them."""
    return Module(
        rights=RIGHTS,
        name="tags",
        routers=(tag_router,),
        tags={"tags": "The words that people put on records to find them again."},
        permissions={
            READ: "See which tags there are.",
            WRITE: "Make, rename, archive and merge tags.",
        },
        roles={one: {READ} for one in readers} | {one: {READ, WRITE} for one in keepers},
        events=(TagChanged, RecordTagsChanged),
        states={
            TagChanged: States("tag", tag_states),
            RecordTagsChanged: States("record_tags", record_tags_states),
        },
    )
