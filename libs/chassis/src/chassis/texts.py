"""Texts in the caller's language: gettext catalogues read at start, and Accept-Language."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

import values

__all__ = ["LANGUAGES", "Texts", "preferred_language"]

LANGUAGES = ("en", "zh-CN")
_ACCEPTED_MAX = 200
OWN_LOCALE = Path(__file__).parent / "locale"


class Texts:
    """Translations by language; a text without one is given as it stands in the code."""

    def __init__(self, by_language: Mapping[str, Mapping[str, str]]) -> None:
        self._by_language = by_language

    @classmethod
    def load(cls, folders: Iterable[Path]) -> "Texts":
        """Read `<language>.po` of each folder, those of the libraries first; later ones win."""
        found: dict[str, dict[str, str]] = {}
        for folder in (values.LOCALE, OWN_LOCALE, *folders):
            for path in sorted(folder.glob("*.po")):
                found.setdefault(path.stem.replace("_", "-"), {}).update(_entries(path))
        return cls(found)

    def text(self, message: str, language: str) -> str:
        """The message in the language, or itself."""
        return self._by_language.get(language, {}).get(message, message)


@lru_cache(maxsize=32)
def _entries(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8") as file:
        catalogue = read_po(file)
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id and entry.string}


def preferred_language(accepted: str, default: str) -> str:
    """The language of ours that an Accept-Language header likes best; its beginning counts."""
    return _preferred(accepted[:_ACCEPTED_MAX], default)


@lru_cache(maxsize=256)
def _preferred(accepted: str, default: str) -> str:
    wishes: list[tuple[float, str]] = []
    for wish in accepted.split(","):
        tag, _, quality = wish.partition(";q=")
        try:
            wishes.append((float(quality or 1), tag.strip().lower()))
        except ValueError:
            continue
    for liked, tag in sorted(wishes, key=lambda wish: -wish[0]):
        if liked > 0 and tag.split("-")[0] in {"en", "zh"}:
            return "zh-CN" if tag.startswith("zh") else "en"
    return default
