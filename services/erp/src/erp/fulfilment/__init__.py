"""Fulfilment: sales orders from their acceptance to the last invoice.

An order is accepted whenever it is well formed and what it names exists; then it is decided in the
same act: confirmed, held for a decision on credit, or rejected with the reason. What was agreed
(price, discount) is never computed anew. A confirmed order reserves what is free; the rest waits in
stock's queue and is bought in. Shipped <= ordered, invoiced <= shipped, line by line. Once
confirmed, a change or a cancellation is a request, accepted or refused at once by what has shipped.
"""
