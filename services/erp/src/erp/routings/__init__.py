"""How items are made: operations in sequence, in revisions with days, as bills of material have.

Apart from bills of material, because a routing names work centres and hours where a bill names
items; an order takes one of each.
"""
