"""Payables: suppliers' bills.

A bill clears what was received and not invoiced; a price other than the ordered one goes to the
purchase variance, what is no goods to its expense account. One supplier's number is taken once a
year (E22). An entered bill is never changed.
"""
