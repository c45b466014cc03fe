"""Who is whom: which record of one half is the same thing as which record of the other.

Words: a *pair* joins a CRM id and an ERP id of one entity; a *twin* is the other one of a pair; a
*shadow* is the hash of what the other half holds of the fields the sender owns; a *review* asks a
person whether two records are the same.

Invariants: an id is in at most one pair of its entity (B51), whatever both sides see first; below
certainty nothing is joined without a person (B52).
"""
