"""Receivables: invoices to customers and credit notes.

An issued invoice is never changed; what was wrong is credited. Its number follows the last one of
its series without a gap, and its day is not before that one's (E12). Its net is the sum of its
lines, its tax the sum over tax codes of each base's tax, rounded once (E19). Issuing it posts it
and opens what the customer owes, in the same act.
"""
