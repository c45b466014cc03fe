"""Bells: how one part of this process tells another that there is something to look at.

A bell carries nothing, and other processes do not hear it; who waits for one looks again after a
bounded time anyway. So a bell saves time, and nothing needs it to be right.
"""

from chassis.events.wakeup import Bell

__all__ = ["ARRIVED", "SETTLED"]

ARRIVED = Bell()
"""Rung when lanes may have something to carry."""

SETTLED = Bell()
"""Rung when events were taken in or settled: who waits for a position looks again."""
