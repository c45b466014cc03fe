"""What must hold after any acts, as queries that find what does not: the rule, and of whom."""

_BALANCE = """(select coalesce(sum(l.debit - l.credit), 0) from journal_line l
  join account a on a.id = l.account_id and a.role = '{role}' where l.{whose} = {value})"""

CHECKS = {
    "stock is worth what its account holds": (
        f"""select v.item_id, v.value from item_valuation v where v.item_id = any($1)
          and v.value <> {_BALANCE.format(role="inventory", whose="item_id", value="v.item_id")}""",
        "items",
    ),
    "stock lies where its moves say": (
        """select s.item_id, s.on_hand, v.quantity, m.quantity as moved, m.value
          from stock_level s join item_valuation v on v.item_id = s.item_id
          cross join lateral (select
              coalesce(sum(case when t.kind = 'internal' then m.quantity else -m.quantity end), 0)
                as quantity,
              coalesce(sum(case when t.kind = 'internal' then m.value else -m.value end), 0)
                as value
            from stock_move m join location t on t.id = m.to_location_id
            where m.item_id = s.item_id) m
          where s.item_id = any($1)
            and (s.on_hand, v.quantity, v.value) <> (m.quantity, m.quantity, m.value)""",
        "items",
    ),
    "no stock is worth nothing": (
        """select item_id, quantity, value from item_valuation
          where item_id = any($1) and quantity = 0 and value <> 0""",
        "items",
    ),
    "each piece with a serial is in one place": (
        """select s.item_id, s.on_hand, n.here from stock_level s
          cross join lateral (select count(*) as here from serial n
            where n.item_id = s.item_id and n.location_id = s.location_id) n
          where s.item_id = any($1) and s.tracking = 'serial' and s.on_hand <> n.here""",
        "items",
    ),
    "what is reserved is reserved for lines": (
        """select s.item_id, s.reserved, d.reserved as promised from stock_level s
          cross join lateral (select coalesce(sum(d.reserved), 0) as reserved from demand d
            where d.item_id = s.item_id) d
          where s.item_id = any($1) and (s.reserved <> d.reserved or s.reserved > s.on_hand)""",
        "items",
    ),
    "what is expected is what orders expect": (
        """select l.id, l.quantity, l.received, o.state, i.quantity as incoming
          from purchase_order_line l join purchase_order o on o.id = l.purchase_order_id
          left join incoming i on i.source_line_id = l.id
          where l.item_id = any($1) and coalesce(i.quantity, 0) <>
            case when o.state = 'closed' then 0 else l.quantity - l.received end""",
        "items",
    ),
    "stock and orders know the same of each line": (
        """select l.id, l.quantity, l.shipped, l.returned, d.wanted, d.shipped as gone
          from sales_order_line l join sales_order o on o.id = l.order_id
          join demand d on d.order_line_id = l.id
          where l.item_id = any($1) and o.state in ('confirmed', 'completed')
            and (d.wanted, d.shipped) <> (l.quantity - l.returned, l.shipped - l.returned)""",
        "items",
    ),
    "what left cost what it is booked at": (
        f"""select i.id, m.value from item i cross join lateral (
            select coalesce(sum(case when t.kind = 'customer' then m.value else -m.value end), 0)
              as value
            from stock_move m join location t on t.id = m.to_location_id
            join location f on f.id = m.from_location_id
            where m.item_id = i.id and 'customer' in (t.kind, f.kind)) m
          where i.id = any($1)
            and m.value <> {_BALANCE.format(role="cogs", whose="item_id", value="i.id")}""",
        "items",
    ),
    "goods not billed are owed as received": (
        """select o.id, l.value, g.value as booked from purchase_order o
          cross join lateral (select sum(received_value - billed_value) as value
            from purchase_order_line l where l.purchase_order_id = o.id) l
          cross join lateral (select coalesce(sum(j.credit - j.debit), 0) as value
            from journal_line j join journal_entry e on e.id = j.entry_id
            join account a on a.id = j.account_id and a.role = 'grni'
            where e.source_id in (
              select id from purchase_receipt where purchase_order_id = o.id
              union all select unnest(array[id, reversal_id]) from purchase_return
                where purchase_order_id = o.id
              union all select id from bill where purchase_order_id = o.id)) g
          where o.supplier_id = any($1) and l.value <> g.value""",
        "parties",
    ),
    "purchase orders come to their lines": (
        """select o.id, o.net, l.net as lines from purchase_order o
          cross join lateral (select coalesce(sum(round(l.quantity * l.unit_price, 2)), 0) as net
            from purchase_order_line l where l.purchase_order_id = o.id) l
          where o.supplier_id = any($1) and o.net <> l.net""",
        "parties",
    ),
    "what came is what receipts say": (
        """select l.id, l.received, l.returned, r.quantity from purchase_order_line l
          join purchase_order o on o.id = l.purchase_order_id
          cross join lateral (select coalesce(sum(r.quantity - r.returned), 0) as quantity
            from purchase_receipt_line r where r.order_line_id = l.id) r
          where o.supplier_id = any($1) and l.received <> r.quantity""",
        "parties",
    ),
    "what is billed is what bills say": (
        """select l.id, l.billed, l.credited, b.billed as bills, b.credited as notes
          from purchase_order_line l join purchase_order o on o.id = l.purchase_order_id
          cross join lateral (select
              coalesce(sum(g.quantity) filter (where b.kind = 'bill'), 0) as billed,
              coalesce(sum(g.quantity) filter (where b.kind = 'credit_note'), 0) as credited
            from bill_line g join bill b on b.id = g.bill_id and b.state = 'entered'
            where g.order_line_id = l.id) b
          where o.supplier_id = any($1)
            and (l.billed, l.credited) <> (b.billed - b.credited, b.credited)""",
        "parties",
    ),
    "what is open is what the accounts hold": (
        f"""select p.id, i.receivable, i.payable from unnest($1::uuid[]) p(id)
          cross join lateral (select
              coalesce(sum(amount) filter (where side = 'receivable'), 0) as receivable,
              coalesce(sum(amount) filter (where side = 'payable'), 0) as payable
            from (select side, open_amount as amount from open_item where party_id = p.id
              union all select case direction when 'in' then 'receivable' else 'payable' end,
                -unallocated from payment where party_id = p.id) u) i
          where i.receivable <> {_BALANCE.format(role="receivable", whose="party_id", value="p.id")}
            or -i.payable <> {_BALANCE.format(role="payable", whose="party_id", value="p.id")}""",
        "parties",
    ),
    "balances of customers are what is open": (
        """select b.customer_id, b.open_amount, b.unallocated from customer_balance b
          where b.customer_id = any($1) and (b.open_amount, b.unallocated) <> (
            (select coalesce(sum(open_amount), 0) from open_item
              where party_id = b.customer_id and side = 'receivable'),
            (select coalesce(sum(unallocated), 0) from payment
              where party_id = b.customer_id and direction = 'in'))""",
        "parties",
    ),
    "orders know what of them is invoiced": (
        """select l.id, l.invoiced, l.credited, n.invoiced as invoices, n.credited as notes
          from sales_order_line l join sales_order o on o.id = l.order_id
          cross join lateral (select
              coalesce(sum(g.quantity) filter (where i.kind = 'invoice'), 0) as invoiced,
              coalesce(sum(g.quantity) filter (where i.kind = 'credit_note'), 0) as credited
            from invoice_line g join invoice i on i.id = g.invoice_id
            where g.order_line_id = l.id) n
          where o.customer_id = any($1) and (l.invoiced, l.credited) <> (n.invoiced, n.credited)""",
        "parties",
    ),
    "orders know what of them went out": (
        """select l.id, l.shipped, l.returned, s.gone, s.back from sales_order_line l
          join sales_order o on o.id = l.order_id
          cross join lateral (select
              coalesce(sum(g.quantity) filter (where s.kind = 'delivery'), 0) as gone,
              coalesce(sum(g.quantity) filter (where s.kind = 'return'), 0) as back
            from shipment_line g join shipment s on s.id = g.shipment_id and s.reversed_on is null
            where g.order_line_id = l.id) s
          where o.customer_id = any($1) and (l.shipped, l.returned) <> (s.gone, s.back)""",
        "parties",
    ),
}
