"""Signals: how one part of this process tells another that there is something to look at.

A signal delivers nothing, and other processes do not get it; who waits for one looks again after a
bounded time anyway. So a signal saves time, and nothing needs it to be right.
"""

from chassis.events.wakeup import Signal

__all__ = ["ARRIVED", "SETTLED"]

ARRIVED = Signal()
"""Given when lanes may have something to deliver."""

SETTLED = Signal()
"""Given when events were taken in or settled: who waits for a position looks again."""
