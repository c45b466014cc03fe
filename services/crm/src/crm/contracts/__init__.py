"""Contracts: templates with clauses, and what is generated from them, sent, signed and ended.

A *contract template* has a code, and *template versions* counted from 1: a published version is
never changed, a change makes the next one. A *contract* is generated from such a version and a
snapshot of the data that its clauses name; generating again gives the identical text, or a new
*contract version* of a draft (C29). Its states are draft, sent, signed, ended and void.

What always holds: a text is what its template version makes of its snapshot; texts are never
changed; what was sent keeps its text, parties and dates; each renewal date makes one task. The
database promises that texts and what was sent stay as they are, and that a task is made once.
"""
