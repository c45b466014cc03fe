"""Orders to make items: planned, firm, released, started, done, closed.

Beside bills of material and routings, whose content an order keeps as it was when it was made firm
or released. Material, labour and overhead go into work in progress; goods, by-products and scrap
come out of it; the difference is booked when the order is closed (E62).
"""
