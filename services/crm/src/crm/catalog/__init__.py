"""Catalog: what we sell, and at which prices.

A *product* has a code that is its own, and perhaps a *list price*. A *product price* is what one
unit costs in a price list, from a minimum quantity on, within a period. The CRM is *master* of
its own products; of those that an ERP sent or was linked to, the ERP is, and the CRM keeps a
read copy.

What always holds: two products never have one code; of a product's own active prices with
the same list and minimum quantity that are valid on a day, one holds: that of the shortest
period; what the ERP is master of, only the ERP
changes; when the ERP becomes master of a product, our own prices for it end.

The ERP sees to it itself that its prices do not overlap. Their changes arrive one by one, the
end of the old price perhaps after the beginning of the new one, so the read copy may overlap for
a moment; then, of equally long ones, the price that began last applies.
"""
