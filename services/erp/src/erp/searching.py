"""Search words as the database compares them."""

__all__ = ["containing"]


def containing(words: str | None) -> str | None:
    """The LIKE pattern of lower-case texts that contain the words as they stand."""
    if not words:
        return None
    plain = words.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"
