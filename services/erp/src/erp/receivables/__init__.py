"""Receivables: invoices to customers and credit notes.

What an invoice asks for is never changed; what was wrong is credited, at most what was invoiced.
Its number follows the last one of its series without a gap, and its day is not before that one's
(E12): it is taken as the last deed of the act. Its net is the sum of its lines, its tax the sum
over tax codes of each base's tax, rounded once (E19). Issuing it posts it and opens what the
customer owes, in the same act.
"""
