"""What products cost the company, by day, as records: what margins are counted by.

A cost holds from its day on until a later one is there. Costs are seen by their own permission, and
what they come to is published in no event.
"""
