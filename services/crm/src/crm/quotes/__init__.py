"""Quotes: what we offer a customer, at which prices, until when, and what the customer answered.

A quote has a *number*, and *quote versions* counted from 1: a version that was sent is never
changed, a change makes the next one (C27). Its states are draft, sent, accepted, declined,
expired, revoked and superseded.

What always holds: each line is rounded once, half-up, and totals are sums of lines (C26); of one
number at most one version is a draft, at most one is sent and open, and at most one is accepted;
of one deal at most one quote is accepted; nobody accepts what has expired. The database promises
each of these as well.
"""
