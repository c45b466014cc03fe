"""What the text of a cell says, where a number or a day is not asked for."""

import phonenumbers

from values.sheets.refused import Refused

__all__ = ["check_readable", "phone_in", "yes_or_no"]

_TRUE = frozenset({"1", "true", "t", "yes", "y"})
_FALSE = frozenset({"0", "false", "f", "no", "n"})
_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A, 0x0D}
_UNREADABLE = {*_CONTROLS, 0xFFFD, *range(0xD800, 0xE000)}
_NO_LETTER = (
    "There is {sign} in {text}, which is no letter. Was the file written in another encoding?"
)
_NO_REGION = "{text} has no country code, and the mapping no `region` for it."


def check_readable(text: str) -> None:
    """Refuse a text with signs that are none: bytes of another encoding. Raises Refused."""
    if not text.isascii() or not text.isprintable():
        broken = next((sign for sign in text if ord(sign) in _UNREADABLE), None)
        if broken is not None:
            facts = {"sign": f"U+{ord(broken):04X}", "text": ascii(text[:40])}
            raise Refused("unreadable", _NO_LETTER, **facts)


def yes_or_no(text: str) -> bool:
    """Whether the text says yes. Raises Refused: it says neither."""
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise Refused("not_bool", "{text} is neither true nor false.", text=repr(text))


def phone_in(text: str, region: str | None) -> str:
    """The number with its country code, so that no other country's can be read out of it.

    Raises Refused.
    """
    if text.startswith(("+", "＋")):
        return text
    if not region:
        raise Refused("region_missing", _NO_REGION, text=repr(text))
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as wrong:
        told = "{text} is no telephone number of {region}."
        raise Refused("not_phone", told, text=repr(text), region=region) from wrong
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
