"""Who is calling: API keys, access tokens, local users and what each of them may do."""

from pathlib import Path

__all__ = ["LOCALE"]

LOCALE = Path(__file__).parent / "locale"
"""The folder with the translations of what identity refuses."""
