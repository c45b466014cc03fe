"""Settlement: what is owed to us and by us, document by document, and the payments that settle it.

An open item is what is left of an invoice or bill: never less than nothing, never more than its
amount. A payment is allocated to open items, never more than either has left (E15); what is left
of it stays the party's credit. So the receivable account of a customer is the sum of its open items
less its unallocated payments, at every moment (E14).
"""
