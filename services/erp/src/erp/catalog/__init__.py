"""Catalog: what the company buys, makes and sells, in which units, and what it asks for it.

An *item* has an SKU and is counted in one *unit* of its own; other units of an item stand in an
exact ratio to that one. A *price list* holds *prices*: one for an item from a *minimum quantity*
on, within a period.

What always holds: an SKU names one item; of the active prices of one item in one list from one
minimum quantity on that are valid on a day, one holds: that of the shortest period; one price
list is the default; a unit that is counted in whole pieces takes no fraction; categories form a
tree.
"""
