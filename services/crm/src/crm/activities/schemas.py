"""What callers ask of activities, and what they see."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from chassis.http.etag import EtagVersion, Revision
from crm.activities.states import ActivityKind, ActivityState, Direction, Priority
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day, Instant
from values.external import ExternalId, SourceVersion
from values.text import Command, Name, OptionalLine, OptionalNote, unset

__all__ = [
    "ActivityFields",
    "ActivityQuery",
    "ActivityView",
    "CancelActivity",
    "ChangeActivity",
    "CompleteActivity",
    "CompletedActivity",
    "FollowUp",
    "NewActivity",
    "RelatedRecord",
    "RescheduleActivity",
    "UpsertActivity",
]

RECORDS_MAX = 50
RecordType = Annotated[str, StringConstraints(max_length=63, pattern=r"^[a-z][a-z_]{0,62}$")]
_ABOUT = "Type of the record that it is about, as notes and tags name it: `account`, `order`."
_ABOUT_ID = "Id of the record that it is about; null: of none."
_NAME = "What it is about in one line, as the subject of an e-mail."
_OWNER = "The user who is to do it; a user's own by default. Null: nobody."
_STARTS = "When it begins; of an e-mail when it was sent or received. Tasks have none."


class RelatedRecord(BaseModel):
    """A further record that it is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    record_type: RecordType = Field(description="Type of the record, such as `account`.")
    record_id: UUID = Field(description="Id of the record.")


def _listed(given: list[Any] | None) -> list[Any]:
    """Each once; null stands for none."""
    return list(dict.fromkeys(given or []))


Ids = Annotated[list[UUID] | None, Field(max_length=RECORDS_MAX), AfterValidator(_listed)]
RelatedRecords = Annotated[
    list[RelatedRecord] | None, Field(max_length=RECORDS_MAX), AfterValidator(_listed)
]


class ActivityFields(CustomValues):
    """Fields of an activity. What is left out of a change stays as it is."""

    text: OptionalNote = Field(default_factory=unset, description="What there is to say of it.")
    record_type: RecordType | None = Field(default_factory=unset, description=_ABOUT)
    record_id: UUID | None = Field(default_factory=unset, description=_ABOUT_ID)
    related: RelatedRecords = Field(
        default_factory=unset, description="Further records on whose timelines it stands."
    )
    contact_ids: Ids = Field(default_factory=unset, description="Contacts who take part.")
    user_ids: Ids = Field(default_factory=unset, description="Users who take part.")
    owner_id: UUID | None = Field(default_factory=unset, description=_OWNER)
    team_id: UUID | None = Field(
        default_factory=unset, description="The team whose it is, beside its owner."
    )
    starts_at: Instant | None = Field(default_factory=unset, description=_STARTS)
    ends_at: Instant | None = Field(
        default_factory=unset, description="When it ends: of meetings, and of calls."
    )
    due_on: Day | None = Field(
        default_factory=unset, description="The day by whose end a task or call is due."
    )
    due_at: Instant | None = Field(
        default_factory=unset, description="The instant at which it is due, in place of a day."
    )
    remind_at: Instant | None = Field(
        default_factory=unset, description="When its owner is to be reminded."
    )
    priority: Priority = Field(default_factory=unset, description="Normal by default.")
    direction: Direction | None = Field(
        default_factory=unset,
        description="Of calls and e-mails: from the customer or to it. Calls are outbound by "
        "default.",
    )
    outcome: OptionalNote = Field(default_factory=unset, description="What came of it.")
    location: OptionalLine = Field(default_factory=unset, description="Where it takes place.")
    channel: OptionalLine = Field(
        default_factory=unset, description="By which means, such as `phone`, `wechat` or `video`."
    )
    system_generated: StrictBool = Field(
        default_factory=unset, description="A program made it: it counts as no follow-up."
    )
    bulk: StrictBool = Field(
        default_factory=unset, description="It went to many at once: it counts as no follow-up."
    )


class _Logged(ActivityFields):
    """An activity with its state, for what took place already."""

    state: ActivityState = Field(
        default_factory=unset, description="Open by default; e-mails are done."
    )
    done_at: Instant | None = Field(
        default_factory=unset, description="When it was done; by default when it began, or now."
    )


class NewActivity(_Logged):
    """Plan a call, a meeting or a task, or log what took place."""

    kind: ActivityKind = Field(description="A call, a meeting, an e-mail or a task.")
    name: Name = Field(description=_NAME)


class ChangeActivity(ActivityFields):
    """Change an activity (JSON merge patch)."""

    name: Name = Field(default_factory=unset, description=_NAME)


class UpsertActivity(_Logged):
    """An activity as another system logged it; fields left out stay as they are here."""

    source_version: SourceVersion
    kind: ActivityKind = Field(
        default_factory=unset, description="Needed when it is new here; it stays."
    )
    name: Name = Field(default_factory=unset, description=_NAME)
    record_external_id: ExternalId | None = Field(
        default_factory=unset,
        description="The record that it is about by its id in that system, in place of "
        "`record_id`.",
    )


class FollowUp(ActivityFields):
    """The activity that follows: on the same records, with the same people, if none are given."""

    kind: ActivityKind = Field(description="A call, a meeting or a task.")
    name: Name = Field(description=_NAME)


class CompleteActivity(Command):
    """Say that it is done, and what came of it."""

    outcome: OptionalNote = Field(
        default_factory=unset, description="What came of it; left out: as it is."
    )
    done_at: Instant | None = Field(
        default=None, description="When it was done, not in the future; null: now."
    )
    next: FollowUp | None = Field(
        default=None, description="The next follow-up, made in the same act; null: none."
    )


class CancelActivity(Command):
    """Say that it will not take place."""

    outcome: OptionalNote = Field(default_factory=unset, description="Why; left out: as it is.")


class RescheduleActivity(Command):
    """Put it to another time. A time left out stays as it is."""

    starts_at: Instant | None = Field(default_factory=unset, description=_STARTS)
    ends_at: Instant | None = Field(default_factory=unset, description="When it ends.")
    due_on: Day | None = Field(
        default_factory=unset, description="The day by whose end it is due; ends an instant."
    )
    due_at: Instant | None = Field(
        default_factory=unset, description="The instant at which it is due; ends a day."
    )
    remind_at: Instant | None = Field(
        default_factory=unset, description="When its owner is to be reminded."
    )


class ActivityView(CustomView):
    """A call, a meeting, an e-mail or a task."""

    id: UUID
    kind: ActivityKind = Field(description="A call, a meeting, an e-mail or a task.")
    state: ActivityState = Field(description="Whether it is still to be done.")
    name: str = Field(description=_NAME)
    text: str = Field(description="What there is to say of it.")
    record_type: str | None = Field(description=_ABOUT)
    record_id: UUID | None = Field(description=_ABOUT_ID)
    related: list[RelatedRecord] = Field(description="Further records that it is about.")
    contact_ids: list[UUID] = Field(description="Contacts who take part.")
    user_ids: list[UUID] = Field(description="Users who take part.")
    owner_id: UUID | None = Field(description="The user who is to do it; null: nobody.")
    team_id: UUID | None = Field(description="The team whose it is, beside its owner.")
    starts_at: datetime | None = Field(description=_STARTS)
    ends_at: datetime | None = Field(description="When it ends.")
    due_on: Day | None = Field(description="The day by whose end it is due.")
    due_at: datetime | None = Field(description="The instant at which it is due.")
    remind_at: datetime | None = Field(description="When its owner is to be reminded.")
    reminded_at: datetime | None = Field(
        description="When the reminder was published; null: not yet."
    )
    priority: Priority = Field(description="How much it matters: low, normal or high.")
    direction: Direction | None = Field(description="From the customer or to it.")
    done_at: datetime | None = Field(description="When it was done.")
    outcome: str = Field(description="What came of it.")
    location: str = Field(description="Where it takes place.")
    channel: str = Field(description="By which means.")
    system_generated: bool = Field(description="A program made it: it counts as no follow-up.")
    bulk: bool = Field(description="It went to many at once: it counts as no follow-up.")
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class CompletedActivity(BaseModel):
    """The activity that was done, and the one that follows it."""

    activity: ActivityView = Field(description="The activity that was done.")
    next: ActivityView | None = Field(description="The next follow-up; null: none was asked for.")


class ActivityQuery(Tagged):
    """Which activities are wanted."""

    owner_id: UUID | None = Field(default=None, description="Only those of this user.")
    team_id: UUID | None = Field(default=None, description="Only those of this team.")
    user_id: UUID | None = Field(default=None, description="A user who takes part.")
    kind: Annotated[str, AnyOf(ActivityKind)] | None = None
    state: Annotated[str, AnyOf(ActivityState)] | None = None
    priority: Annotated[str, AnyOf(Priority)] | None = None
    direction: Annotated[str, AnyOf(Direction)] | None = None
    record_type: RecordType | None = Field(
        default=None, description="Type of a record that they are about; give its id as well."
    )
    record_id: UUID | None = Field(
        default=None, description="A record that they are about, or a person who takes part."
    )
    due_from: Day | None = Field(
        default=None, description="The first day on which they are due or begin."
    )
    due_to: Day | None = Field(
        default=None, description="The last day on which they are due or begin."
    )
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
