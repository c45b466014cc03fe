"""Kinds of text: trimmed, bounded, without control characters."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from values.comparing import same_when_read

__all__ = [
    "ONE_LINE",
    "Code",
    "Command",
    "DocumentNumber",
    "Emptied",
    "Label",
    "Language",
    "Line",
    "Name",
    "Note",
    "OptionalLine",
    "OptionalName",
    "OptionalNote",
    "SerialNumber",
    "Status",
    "TaxId",
    "Word",
    "unset",
    "visible",
]

ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
_WORD = r"^[^\s\x00-\x1f\x7f]+$"


def _empty_text(text: str | None) -> str:
    return text or ""


Emptied = AfterValidator(_empty_text)
"""Takes null for the empty text, as a merge patch says it: `Annotated[Line | None, Emptied]`."""


def unset() -> Any:
    """The default of a field of a change that was not given: what it holds is never read."""
    return None


class Command(BaseModel):
    """What a caller asks for. A field we do not know is refused, so that no typo is lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self, *extra: str) -> dict[str, Any]:
        """The fields that were given, by name, without those named."""
        names = self.model_fields_set.difference(extra)
        return {name: getattr(self, name) for name in names}


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=ONE_LINE)]
"""One line of text; may be empty."""

OptionalLine = Annotated[Line | None, Emptied]


def visible(name: str) -> str:
    """The text, if a reader sees anything of it: for validators."""
    if not same_when_read(name):
        raise PydanticCustomError("nothing_to_read", "Write at least one sign that can be seen.")
    return name


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=ONE_LINE),
    AfterValidator(visible),
]
"""What people call it; never empty, nor of invisible signs only."""


def _visible_if_given(name: str) -> str:
    return visible(name) if name else name


OptionalName = Annotated[OptionalLine, AfterValidator(_visible_if_given)]
"""Another name of it; may be empty, and is never of invisible signs only."""

Label = Annotated[Line, AfterValidator(_visible_if_given)]
"""The same where null is not taken: of a part that is sent and shown in one form."""

Note = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")
]
"""Text of several lines; may be empty."""

OptionalNote = Annotated[Note | None, Emptied]

Word = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]*$"),
]
"""A word without blanks; may be empty."""

Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=_WORD)
]
"""A word without blanks that names a record: a SKU, the code of a category or a price list."""

DocumentNumber = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_upper=True, min_length=1, max_length=64, pattern=_WORD
    ),
]
"""The number of a document of ours as a person types it: any case, blanks around it."""

SerialNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=ONE_LINE)
]
"""The number of one piece, as it stands on it."""

TaxId = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_upper=True, max_length=32, pattern=r"^[0-9A-Za-z ./-]*$"
    ),
]
"""A tax registration number, in capitals; empty where none is known."""

Language = Annotated[
    str, StringConstraints(max_length=35, pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")
]
"""A language tag such as zh-CN; empty where none is known."""

Status = Literal["active", "archived"]
"""Whether business is done with the record."""
