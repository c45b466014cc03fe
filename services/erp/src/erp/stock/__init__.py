"""Stock: what lies where, whom it is promised to, and what it is worth.

Every change is a move between two places, one of them possibly outside (E25); what is on hand is
the sum of the moves (E24), and moves are never changed. Of what is on hand, some is reserved for
orders, never more than there is (E26). Demand that could not be reserved waits in the order it
came and is filled, oldest first, as soon as goods arrive. Where goods are reserved only so many
days ahead, what is needed later waits for its day, and what its promise needs is given to nobody
who came after (E37). Worth is kept as an amount (E30): the
moving average is its quotient, the last piece takes the rest; the inventory account equals it
after every event (E29). All of it holds at the end of every day: what leaves as of a past day was
there then and on every day since, and costs what it did then (E27).

Pieces of an item that is tracked by serial move one by one, each by its serial, from the one place
where it is (E28), in the order of its days. Orders reserve so many of them; which ones is decided
when they leave.
"""
