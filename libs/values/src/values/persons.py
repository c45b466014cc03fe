"""Two records of one person: what they have in common, with a score and its reasons.

A score is the sum of points for what agrees and what does not. Agreement on what few people share
says most. Nothing here decides: a score is a hint for somebody who looks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from values.address import Address
from values.matching import PHONE_TAIL, folded, match_keys

__all__ = [
    "FREE_MAIL",
    "HINTED",
    "LIKELY",
    "Declared",
    "Likeness",
    "PersonKeys",
    "likeness",
    "person_keys",
]

LIKELY = 60
"""From this score on a pair is most likely of one person."""

HINTED = 40
"""From this score on a pair is hinted at: the same name beside a firm's domain reaches it."""

FREE_MAIL = frozenset(
    (
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
        *("yahoo.com", "yahoo.co.jp", "icloud.com", "me.com", "mac.com", "aol.com", "gmx.de"),
        *("gmx.net", "web.de", "t-online.de", "mail.ru", "yandex.ru", "proton.me", "qq.com"),
        *("protonmail.com", "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com"),
        *("sina.cn", "sohu.com", "139.com", "189.cn", "naver.com", "daum.net", "hanmail.net"),
        *("orange.fr", "free.fr", "laposte.net", "libero.it"),
    )
)
"""Domains where anybody has an address: they say nothing of a firm."""

EMAIL, PHONE, NAME, NAME_SIMILAR = 65, 45, 25, 15
COMPANY, DOMAIN, STREET, POSTAL_CODE, CITY = 15, 15, 15, 10, 3
UNLIKE_NAME = -10
SAME, SIMILAR, UNLIKE = 0.97, 0.82, 0.6
NEAR = 0.8
"""Of a declared field's points where one sign is other."""
SHORTEST_NEAR = 6


@dataclass(frozen=True)
class Declared:
    """A field of one's own by which persons are compared: its value, and the points of it."""

    value: str
    points: int


@dataclass(frozen=True)
class PersonKeys:
    """What a person's record is compared by; what it does not say is empty.

    `blocks`: two records that have none in common are not compared.
    """

    name: tuple[str, ...]
    email: str = ""
    phone: str = ""
    company: str = ""
    street: str = ""
    city: str = ""
    postal_code: str = ""
    declared: Mapping[str, Declared] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The firm's domain of the e-mail address; empty for one where anybody has an address."""
        domain = self.email.rpartition("@")[2]
        return "" if domain in FREE_MAIL else domain

    @property
    def blocks(self) -> list[str]:
        """Words of which similar records have one in common, sorted."""
        return sorted(set(self._blocks()))

    def _blocks(self) -> Iterator[str]:
        one_of = {"email": self.email, "phone": self.phone[-PHONE_TAIL:]}
        if len(self.name) > 1:
            one_of["name"] = " ".join(sorted(word[:5] for word in self.name))
        one_of |= {key: one.value for key, one in self.declared.items()}
        yield from (f"{kind} {value}" for kind, value in one_of.items() if value)
        places = ("".join(sorted(self.postal_code)), self.company, self.domain)
        for word in self.name:
            yield from (f"{word[:3]} at {place}" for place in places if place)


@dataclass(frozen=True)
class Likeness:
    """How much speaks for two records being of one person: points by reason, and their sum."""

    reasons: Mapping[str, int]

    @property
    def score(self) -> int:
        """All points together."""
        return sum(self.reasons.values())

    @property
    def is_hint(self) -> bool:
        """Whether it is worth a look: one address or number in common is enough.

        A like name beside a firm's domain and place is not: these are colleagues.
        """
        points = self.reasons
        only_like = 0 < points.get("name", 0) < NAME and not {"email", "phone"} & points.keys()
        return self.score >= HINTED and not only_like


def person_keys(
    *,
    name: str,
    email: str = "",
    phone: str = "",
    company: str = "",
    address: Address | None = None,
    declared: Mapping[str, Declared] | None = None,
) -> PersonKeys:
    """The keys of a record that says this."""
    place = address or Address()
    keys = match_keys(email=email, phone=phone, name=company, addresses=[place])
    own = {key: Declared(_plain(one.value), one.points) for key, one in (declared or {}).items()}
    return PersonKeys(
        name=tuple(re.findall(r"\w+", folded(name))),
        email=keys.email if "@" in keys.email else "",
        phone=keys.phone,
        company=keys.name,
        street=_plain(f"{place.line1} {place.line2}"),
        city=_plain(place.city),
        postal_code=_plain(place.postal_code),
        declared=own,
    )


def likeness(one: PersonKeys, other: PersonKeys) -> Likeness:
    """How much speaks for both being of one person."""
    return Likeness({reason: points for reason, points in _points(one, other) if points})


def _points(one: PersonKeys, other: PersonKeys) -> Iterator[tuple[str, int]]:
    if one.email and one.email == other.email:
        yield "email", EMAIL
    elif one.domain and one.domain == other.domain:
        yield "domain", DOMAIN
    if one.phone and one.phone[-PHONE_TAIL:] == other.phone[-PHONE_TAIL:]:
        yield "phone", PHONE
    yield "name", _name_points(one.name, other.name)
    if one.company and one.company == other.company:
        yield "company", COMPANY
    yield "street", _similar_points(one.street, other.street, STREET)
    yield "city", _similar_points(one.city, other.city, CITY)
    yield "postal_code", _near_points(one.postal_code, other.postal_code, POSTAL_CODE)
    for key in sorted(one.declared.keys() & other.declared.keys()):
        mine, theirs = one.declared[key], other.declared[key].value
        yield key, _near_points(mine.value, theirs, mine.points)


def _name_points(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Words in any order: who is first in one book stands last in another."""
    if not one or not other:
        return 0
    mine, theirs = " ".join(sorted(one)), " ".join(sorted(other))
    alike = max(
        JaroWinkler.similarity(mine, theirs),
        JaroWinkler.similarity(" ".join(one), " ".join(other)),
    )
    if alike >= SAME:
        return NAME
    if alike >= SIMILAR:
        return NAME_SIMILAR
    return UNLIKE_NAME if alike < UNLIKE else 0


def _similar_points(one: str, other: str, most: int) -> int:
    if not one or not other:
        return 0
    return most if JaroWinkler.similarity(one, other) >= SIMILAR else 0


def _near_points(one: str, other: str, most: int) -> int:
    if not one or not other:
        return 0
    if one == other:
        return most
    if sorted(one) == sorted(other) or (
        len(one) >= SHORTEST_NEAR and DamerauLevenshtein.distance(one, other) <= 1
    ):
        return int(most * NEAR)
    return -(most // 3)


def _plain(text: str) -> str:
    return "".join(re.findall(r"\w", folded(text)))
