"""Purchasing: what suppliers ask, what is to be bought, what was ordered, received and billed.

What customers wait for and nobody delivers yet becomes one suggestion an item (E41): it follows
the demand up and down, disappears with it, and honours the supplier's minimum and multiple.
Ordered goods are expected until they are received or given up; no more is received than was
ordered, no more is billed than was received (E45). A receipt is worth what was agreed; the bill
clears exactly what the receipt posted, a deviating price is a variance (E44).
"""
