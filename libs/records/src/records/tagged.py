"""Lists by tag: the filter that every list of records with tags has."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from chassis.storage.paging import Filter
from values.comparing import same_when_read

__all__ = ["Tagged", "tagged_with"]


def _named(names: str) -> str:
    if not all(same_when_read(name) for name in names.split(",")):
        raise PydanticCustomError("nothing_to_read", "Write at least one sign that can be seen.")
    return names


class Tagged(BaseModel):
    """The query of a list of records that have tags."""

    tag: Annotated[str, AfterValidator(_named)] | None = Field(
        default=None,
        max_length=1000,
        description="Names of tags, by comma: only records that have one of them. Case and width "
        "make no difference; the name of a tag that was merged stands for the other one.",
    )


_TAGS = """array(select coalesce(tag.merged_into, tag.id) from tag
  where tag.name_key = any({}::text[]))"""


def tagged_with(record_type: str, key: str, names: str) -> Filter:
    """Those records of the type, by their key, that have one of the tags."""
    keys = [same_when_read(name) for name in names.split(",")]
    rows = (
        f"from record_tag where record_tag.record_type = '{record_type}'"
        f" and record_tag.tag_id = any({_TAGS})"
    )
    return Filter(
        # One row looked up for each record: of `exists` the planner would hash all that are tagged.
        f"(select true {rows} and record_tag.record_id = {key} limit 1)",
        keys,
        # An array, because the planner takes it for a few rows and uses the key's index.
        by_index=Filter(f"{key} = any(array(select record_tag.record_id {rows}))", keys),
    )
