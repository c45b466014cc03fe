"""The sync bridge: delivers what one half published to the other half, once and in order.

Read `flows.py` first: it is the table of everything that crosses. Events come in through
`sources`, are kept in `inbox`, and are delivered one lane (one record of one service) at a time by
`lanes`, which asks `identity` who is whom and calls the other half through `targets`.
"""
