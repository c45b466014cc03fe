"""What callers ask of public forms, and what they see."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    StrictBool,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from crm.consents import ConsentState
from crm.leads.forms import FormInput
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.email import Email
from values.phone import PhoneText
from values.text import (
    Command,
    Label,
    Line,
    Name,
    Note,
    OptionalLine,
    OptionalNote,
    Status,
    Word,
    unset,
)

__all__ = [
    "ChangeLeadForm",
    "ConfirmOpenForm",
    "IssuedConfirmation",
    "LeadConsentView",
    "LeadFormInput",
    "LeadFormQuery",
    "LeadFormView",
    "NewLeadForm",
    "OpenFormView",
    "SentForm",
    "SubmitOpenForm",
]

FormCode = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
]
_MIN_SECONDS = "Seconds that a person needs at least to fill it in; who is faster is asked again."


class LeadFormInput(BaseModel):
    """One field of a form."""

    input: FormInput = Field(description="What is asked: it becomes that field of the lead.")
    label: Label = Field(default="", description="What stands beside it; empty: the usual word.")
    label_zh: Label = Field(default="", description="The same in Chinese.")
    required: StrictBool = Field(default=False, description="Whether it must be filled in.")


def _complete(inputs: list[LeadFormInput] | None) -> None:
    if inputs is None:
        return
    asked = {one.input: one.required for one in inputs}
    if len(asked) != len(inputs):
        message = "Ask for each field once."
        raise PydanticCustomError("asked_twice", message)
    if not asked.get(FormInput.NAME) or not {FormInput.EMAIL, FormInput.PHONE} & asked.keys():
        message = "Ask for the name, which is required, and for an e-mail or a phone."
        raise PydanticCustomError("nobody_to_reach", message)


class LeadFormFields(CustomValues):
    """Fields of a form. What is left out of a change stays as it is."""

    name_zh: OptionalLine = Field(default_factory=unset, description="The title in Chinese.")
    consent_text: OptionalNote = Field(
        default_factory=unset, description="What is agreed to by a tick; empty: nothing is asked."
    )
    consent_text_zh: OptionalNote = Field(default_factory=unset, description="It in Chinese.")
    consent_version: OptionalLine = Field(
        default_factory=unset, description="Which version of the text it is; kept with consents."
    )
    source: OptionalLine = Field(default_factory=unset, description="Source of its leads.")
    campaign: OptionalLine = Field(default_factory=unset, description="Campaign of its leads.")
    confirmed: StrictBool = Field(
        default_factory=unset,
        description="True: a consent counts when the person confirms it by a token that was sent.",
    )
    min_seconds: int = Field(
        default_factory=unset, strict=True, ge=0, le=600, description=_MIN_SECONDS
    )


class NewLeadForm(LeadFormFields):
    """Make a public form."""

    code: FormCode = Field(description="The word in its address; it stays.")
    name: Name = Field(description="Its title.")
    inputs: list[LeadFormInput] = Field(min_length=1, max_length=6, description="What it asks.")

    @model_validator(mode="after")
    def _inputs_complete(self) -> Self:
        _complete(self.inputs)
        return self


class ChangeLeadForm(LeadFormFields):
    """Change a form (JSON merge patch)."""

    name: Name = Field(default_factory=unset, description="Its title.")
    inputs: list[LeadFormInput] = Field(
        default_factory=unset, min_length=1, max_length=6, description="What it asks."
    )

    @model_validator(mode="after")
    def _inputs_complete(self) -> Self:
        _complete(self.inputs)
        return self


class LeadFormView(CustomView):
    """A public form, with what came of it."""

    id: UUID
    code: str = Field(description="The word in its address.")
    name: str
    name_zh: str
    inputs: list[LeadFormInput]
    consent_text: str
    consent_text_zh: str
    consent_version: str
    confirmed: bool
    source: str
    campaign: str
    min_seconds: int = Field(description=_MIN_SECONDS)
    status: Status
    leads: int = Field(description="How often it was sent and made a lead.")
    robots: int = Field(description="How often a robot sent it of late, which made none.")
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class LeadFormQuery(Tagged):
    """Which forms are wanted."""

    q: Line | None = Field(default=None, description="Words of code or title; also pinyin.")
    status: Statuses | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class OpenFormView(BaseModel):
    """A form as everybody sees it."""

    code: str = Field(description="The word in its address.")
    title: str = Field(description="In the language asked for.")
    inputs: list[LeadFormInput]
    consent_text: str = Field(description="What is agreed to; empty: nothing is asked.")
    consent_version: str
    stamp: str = Field(description="When it was shown, signed: send it back with the form.")


class SubmitOpenForm(Command):
    """A form that somebody has filled in."""

    stamp: Annotated[str, StringConstraints(max_length=80, pattern=r"^[0-9]{1,15}\.[0-9a-f]+$")] = (
        Field(description="As the form was shown with.")
    )
    website: Annotated[str, StringConstraints(max_length=400)] = Field(
        default="", description="Nobody sees this field; who fills it in is a robot."
    )
    agreed: StrictBool = Field(default=False, description="True: the consent text was agreed to.")
    name: Name
    company: Line = Field(default="", description="The firm.")
    title: Line = Field(default="", description="Position, such as buyer.")
    email: Email = ""
    phone: PhoneText = Field(default="", description="As people write it.")
    note: Note = Field(default="", description="What the person asks for.")


class SentForm(BaseModel):
    """What became of a form; it tells of no lead."""

    confirmation_needed: bool = Field(
        description="True: a message is on its way, by which the consent is confirmed."
    )


class ConfirmOpenForm(Command):
    """Confirm a consent."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=100)] = Field(
        description="The token from the message."
    )


class IssuedConfirmation(BaseModel):
    """A token by which a person confirms its consent."""

    token: str | None = Field(
        description="Shown this once, to be sent to the person; null when a repeat is answered."
    )
    path: Word = Field(description="Where the person confirms, followed by the token.")
    expires_at: datetime = Field(description="When the token ends.")


class LeadConsentView(BaseModel):
    """What a lead agreed to."""

    id: UUID
    form_id: UUID = Field(description="Id of the form.")
    channel: str = Field(description="email or phone.")
    state: ConsentState = Field(description="granted or refused.")
    text: str = Field(description="The words that were agreed to.")
    text_version: str
    proof: str = Field(description="form: a tick in it; confirmation: a token sent to the person.")
    source_address: str = Field(description="Address that it came from; of IPv6 the network.")
    agreed_at: datetime = Field(description="When it was.")
