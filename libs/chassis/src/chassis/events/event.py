"""What an event is: a frozen fact about one aggregate, named in the past tense."""

import re
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Event", "InternalEvent", "schema_path"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NOBODY = UUID(int=0)


class Event(BaseModel):
    """The whole public state of one aggregate after a change, and which fields changed.

    A subclass names itself: `event_name` in kebab-case, `topic` (the family it is published in),
    `aggregate` (what `id` identifies). `version` counts every change of the aggregate, also those
    that leave its ETag as it is. Decimals and money are of the types of
    `values`. With `public = False` the event stays inside the service: handlers see it, the outbox
    does not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_name: ClassVar[str]
    major: ClassVar[int] = 1
    topic: ClassVar[str]
    aggregate: ClassVar[str]
    public: ClassVar[bool] = True

    id: UUID = Field(description="The aggregate's id.")
    version: int = Field(
        ge=1,
        description="The aggregate's version after the change: counts all of them, as `aggversion`"
        " and the API's `revision` do.",
    )
    changed: list[str] = Field(description="Names of the fields that changed, sorted.")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a class whose name could not stand in a CloudEvents type or a topic."""
        super().__pydantic_init_subclass__(**kwargs)
        for attribute in ("event_name", "topic", "aggregate"):
            value = cls.__dict__.get(attribute)
            if value is not None and not _NAME.fullmatch(value):
                message = f"{cls.__name__}.{attribute} is not kebab-case: {value!r}"
                raise TypeError(message)

    @classmethod
    def type_for(cls, service: str) -> str:
        """The CloudEvents type, such as `tandem.erp.customer-changed.v1`."""
        return f"tandem.{service}.{cls.event_name}.v{cls.major}"

    @classmethod
    def topic_for(cls, service: str) -> str:
        """The topic it is published in, such as `erp.customer.v1`."""
        return f"{service}.{cls.topic}.v{cls.major}"

    @classmethod
    def schema_for(cls, service: str) -> str:
        """The path of its JSON Schema, such as `/schemas/erp.customer-changed.v1.json`."""
        return schema_path(cls.type_for(service))


class InternalEvent(Event):
    """An event for this service's own handlers; the aggregate's id and version may be left out."""

    public: ClassVar[bool] = False

    id: UUID = _NOBODY
    version: int = 0
    changed: list[str] = []


def schema_path(event_type: str) -> str:
    """Where a service has the schema of a type: `tandem.erp.x.v1` at `/schemas/erp.x.v1.json`."""
    return f"/schemas/{event_type.removeprefix('tandem.')}.json"
