"""Opportunities: what we may sell, to whom, how likely, and how far the deal has come.

A *pipeline* is the way of a deal, in *stages*; a stage is open, won or lost, and gives the deals
that enter it its probability and forecast category. A *lost reason* says why a deal was lost, a
*competitor* who else wants it. The *close date* is the day on which a deal is expected to close;
of a closed one the day on which it did.

What always holds: a deal stands in a stage of its pipeline and is open, won or lost as the stage
is; who is won or lost says when, who is lost says why, and both stay as they are until the deal is
reopened; each stage that it entered is kept for good, with amount, probability and close date as
they were (C20); where it has products, its amount is the sum of their rounded totals; a deal that
enters a stage has all that the stage requires (C25), but for deals of the past that are brought as
*history*.
"""
