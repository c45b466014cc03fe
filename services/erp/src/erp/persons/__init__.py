"""Persons among customers and suppliers: what is known of one, and its erasure.

What always holds: an erased party is empty and archived; of its documents stay number, day, amounts
and goods; the name that invoices were made out to is kept apart as long as the books are, and
goes by itself then.
"""
