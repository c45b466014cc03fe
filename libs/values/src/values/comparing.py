"""Texts as a person compares them: what looks the same on paper is the same."""

import unicodedata

__all__ = ["same_when_read"]

_IGNORED = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Categories of signs that a reader does not see: controls, invisible signs, and blanks."""


def same_when_read(text: str) -> str:
    """What two texts share that a person takes for the same: the key they are compared by.

    Width and compatibility forms (NFKC), case of all scripts, blanks and invisible signs make no
    difference; every other sign does.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    seen = "".join(sign for sign in folded if unicodedata.category(sign) not in _IGNORED)
    return unicodedata.normalize("NFKC", seen)
