"""Approvals: acts that wait for a person who may decide; so far, orders beyond a credit limit.

A decision is made once and never changed, and never by the one who asked. It is committed together
with what follows from it.
"""
