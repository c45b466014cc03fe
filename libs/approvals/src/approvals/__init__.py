"""Approvals: what waits for people who may decide, by rules; the same engine for every service.

A service declares its kinds of approval (`Subject`), asks for one (`request_approval`), and acts
on `DecisionMade` in the same transaction. Nobody decides what they asked for themselves, a decision
is never changed, and what changes after its approval is approved no more.
"""

from pathlib import Path

__all__ = ["LOCALE"]

LOCALE = Path(__file__).parent / "locale"
"""The folder with the translations of what approvals refuse."""
