"""What is made of what: bills of material, their revisions, explosions and uses.

A bill of material is of one item. Its revision says of which components, in which quantities, so
many of the item are made, and what comes out beside it. Which revision counts follows from the
day on which making begins (E60).
"""
