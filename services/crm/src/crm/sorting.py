"""How names sort: Chinese by pinyin, everything without regard to case.

The key is stored, because the database may have no Chinese collation.
"""

from pypinyin import lazy_pinyin

__all__ = ["sort_key"]


def sort_key(name: str) -> str:
    """The text whose plain order is the order of the names."""
    return " ".join(part.strip() for part in lazy_pinyin(name)).casefold()
