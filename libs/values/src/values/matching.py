"""What two records of one firm have in common, however each was written.

Keys are for comparing, never for showing. Two records with one key may be the same firm; which keys
make it certain is for who asks to say.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from values.address import Address

__all__ = ["PHONE_TAIL", "MatchKeys", "folded", "match_keys"]

PHONE_TAIL = 8
"""Digits that two spellings of one number share, whatever stands before them."""

LONGEST_KEY = 120

_FORMS = """ab ag aktiengesellschaft aktiebolag aps as asa bhd bv bvba co coltd comp company coop
  corp corporation cv cokg doo dba eg ehf ek eood eurl ev fze fzco fzllc gbr gesellschaft gesmbh
  ggmbh gk gmbh gmbhco inc incorporated jsc kft kg kgaa kk kommanditgesellschaft limitada limited
  llc llp lp ltd ltda lda mbh nv oao oe ohg ood ooo oy oyj pao pc plc pllc pt pte ptyltd pty pvt
  private rt sa sab sae sagl sal saoc sapi sarl sas sasu sc sca scs sdn se sia sicav sl slu snc
  soc societe spa spj spk spzoo sp zoo sr srl sro stiftung tbk uab ug ultd zao zrt
  ао ооо оао зао пао ип тов ат ду εε αε επε οε ικε"""
_LEGAL_FORMS = frozenset(_FORMS.split())
"""Legal forms, as they are left of a name without points and accents."""

_JOINED_FORMS = (
    *("(股份)有限公司", "股份有限公司", "有限责任公司", "有限責任公司", "有限公司"),
    *("股份公司", "分公司", "公司"),
    *("株式会社", "有限会社", "合同会社", "合資会社", "合名会社", "一般社団法人"),
    *("(株)", "(有)", "주식회사", "유한회사", "(주)", "บริษัท", "จำกัด"),
)
"""Legal forms that stand before or after a name without a blank; none is written in ASCII."""

_OF_NO_WEIGHT = frozenset({"and", "und", "et", "y", "e", "i", "the", "и", "και"})
_EXTENSION = re.compile(r"(?:转|轉|分机|分機|内線|доб\.?)\s*(\d{1,7})\s*$")


@dataclass(frozen=True)
class MatchKeys:
    """What is compared: each key is empty where the record says nothing.

    `places` says in several ways where the firm is; one in common is enough.
    """

    tax_id: str
    email: str
    phone: str
    name: str
    legal_name: str
    places: tuple[str, ...]


def match_keys(
    *,
    tax_id: str = "",
    email: str = "",
    phone: str = "",
    name: str = "",
    legal_name: str = "",
    addresses: Sequence[Address] = (),
) -> MatchKeys:
    """The keys of a record that says this."""
    country = next((one.country for one in addresses if one.country), "")
    return MatchKeys(
        tax_id=_tax_id(tax_id),
        email=_email(email),
        phone=_phone(phone, country=country),
        name=_name(name),
        legal_name=_name(legal_name),
        places=tuple(sorted({place for one in addresses for place in _places(one)})),
    )


@lru_cache(maxsize=256)
def folded(text: str) -> str:
    """One spelling for every width, case and accent; accents of other scripts are letters."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", re.sub("[\u0300-\u036f]", "", plain))


def _signs(text: str) -> str:
    """Letters and digits of the text, and what is written onto them."""
    if text.isalnum():
        return text
    return "".join(sign for sign in text if unicodedata.category(sign)[0] in "LNM")


def _tax_id(text: str) -> str:
    """Empty for what fills a field without saying anything, such as `0000` or `NONE`."""
    key = _signs(folded(text))
    says_something = len(set(key)) > 1 and any(sign.isdecimal() for sign in key)
    return key if says_something else ""


@lru_cache(maxsize=256)
def _email(text: str) -> str:
    try:
        valid = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return folded(text.strip()).replace("\0", "")[:LONGEST_KEY]
    return f"{valid.local_part}@{valid.ascii_domain}".casefold()


def _phone(text: str, *, country: str) -> str:
    """In E.164 where the country is known and the number valid, else its digits.

    An extension does not count: it is a desk of the same firm.
    """
    text = _EXTENSION.sub(r" ext. \1", unicodedata.normalize("NFKC", text).strip())
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        base = re.split(r"(?i)\s*(?:ext|x|#)\W*\d{1,7}\s*$", text)[0]
        return _enough("".join(str(int(sign)) for sign in base if sign.isdecimal()))
    if phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return _enough(f"{number.country_code}{number.national_number}")


def _enough(digits: str) -> str:
    return digits[:LONGEST_KEY] if len(set(digits)) > 1 and len(digits) >= PHONE_TAIL - 2 else ""


@lru_cache(maxsize=256)
def _name(text: str) -> str:
    """Without legal form, punctuation, case and accents; a name of nothing else stays whole."""
    plain = re.sub(r"[.'’`´·]", "", folded(text))
    whole = "".join(plain.split()).replace("\0", "")
    words = [word for part in plain.split() for word in _words(_joined_off(part))]
    core = _without_forms([word for word in words if word not in _OF_NO_WEIGHT])
    return ("".join(core) or _signs(whole) or whole)[:LONGEST_KEY]


def _words(part: str) -> list[str]:
    if part.isalnum():
        return [part]
    return "".join(sign if unicodedata.category(sign)[0] in "LNM" else " " for sign in part).split()


def _joined_off(word: str) -> str:
    """The word without a legal form that is written onto it; empty when it is nothing else."""
    if word.isascii():
        return word
    for form in map(folded, _JOINED_FORMS):
        word = word.removesuffix(form).removeprefix(form)
    return word


def _without_forms(words: list[str]) -> list[str]:
    first, last = 0, len(words)
    while last > first and words[last - 1] in _LEGAL_FORMS:
        last -= 1
    while first < last and words[first] in _LEGAL_FORMS:
        first += 1
    return words[first:last]


def _places(address: Address) -> Iterable[str]:
    postal_code, city = _place(address.postal_code), _place(address.city)
    street = _place(address.line1)
    if postal_code:
        yield f"postal code {postal_code}"
    if city and street:
        yield f"street {city} {street}"


def _place(text: str) -> str:
    return _signs(folded(text))[:LONGEST_KEY]
