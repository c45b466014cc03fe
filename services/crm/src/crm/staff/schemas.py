"""Commands and views of staff."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool

from chassis.http.etag import EtagVersion, Revision
from identity.passwords import LENGTH_MAX, LENGTH_MIN, PasswordText
from records.custom.fields import CustomValues, CustomView
from records.tagged import Tagged
from values.email import Email
from values.text import Command, Emptied, Line, Name, Note, OptionalNote, unset

__all__ = [
    "AddMember",
    "AddTeam",
    "ChangeMember",
    "ChangeTeam",
    "MemberQuery",
    "MemberView",
    "NewPassword",
    "TeamQuery",
    "TeamView",
]

_CALENDAR = "Working hours by which work is assigned; null: at any time."
_CAPACITY = "How many open leads the user has at most at once; null: as many as come."
Capacity = Annotated[int, Field(strict=True, ge=0, le=100_000)]
Roles = Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=20)]
InterfaceLanguage = Literal["en", "zh-CN"]


class AddMember(Command):
    """Let somebody work here."""

    login: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="Small letters, digits or . _ @ + -; never changes."
    )
    name: Name
    password: Annotated[
        SecretStr | None,
        Field(
            min_length=LENGTH_MIN,
            max_length=LENGTH_MAX,
            description="12 to 200 characters, none of the common passwords, and not the login; "
            "null: the person sets one by an invitation.",
        ),
    ] = None
    roles: Roles = Field(description="seller, sales_manager, service_agent, marketer, admin.")
    email: Email = ""
    team_id: UUID | None = None
    calendar_id: UUID | None = Field(default=None, description=_CALENDAR)
    capacity: Capacity | None = Field(default=None, description=_CAPACITY)
    language: InterfaceLanguage | None = Field(default=None, description="Null: as requests say.")


class ChangeMember(Command):
    """Change a staff member (JSON merge patch)."""

    name: Name = Field(default_factory=unset)
    roles: Roles = Field(default_factory=unset)
    email: Annotated[Email | None, Emptied] = Field(default_factory=unset)
    team_id: UUID | None = None
    calendar_id: UUID | None = Field(default=None, description=_CALENDAR)
    capacity: Capacity | None = Field(default=None, description=_CAPACITY)
    language: InterfaceLanguage | None = Field(default=None, description="Null: as requests say.")


class NewPassword(Command):
    """Give a staff member a new password."""

    password: PasswordText


class MemberView(BaseModel):
    """A staff member."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    login: str
    name: str
    email: str
    team_id: UUID | None
    team: str | None = Field(description="Name of the team.")
    calendar_id: UUID | None = Field(description=_CALENDAR)
    capacity: int | None = Field(description=_CAPACITY)
    roles: list[str]
    active: bool
    language: str | None
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class MemberQuery(Tagged):
    """Which staff members are wanted."""

    q: Line | None = Field(default=None, description="Words of login, name or e-mail.")
    active: bool | None = None
    role: Annotated[str, Field(max_length=64)] | None = None
    team_id: UUID | None = None


_PARENT = "The team above it, whose members see what this team's do; null: none."


class AddTeam(CustomValues):
    """Form a team."""

    name: Name
    description: Note = ""
    parent_id: UUID | None = Field(default=None, description=_PARENT)


class ChangeTeam(CustomValues):
    """Change a team (JSON merge patch)."""

    name: Name = Field(default_factory=unset)
    description: OptionalNote = Field(default_factory=unset)
    active: StrictBool = Field(
        default_factory=unset, description="False: takes no new members; it stays visible."
    )
    parent_id: UUID | None = Field(default_factory=unset, description=_PARENT)


class TeamView(CustomView):
    """A team."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    active: bool
    parent_id: UUID | None = Field(description="The team above it.")
    members: int = Field(description="How many staff members are in it.")
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class TeamQuery(Tagged):
    """Which teams are wanted."""

    q: Line | None = Field(default=None, description="Words of the name; also pinyin.")
    active: bool | None = None
    parent_id: UUID | None = Field(default=None, description="The teams right below this one.")
