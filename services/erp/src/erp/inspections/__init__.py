"""What is inspected before it is used: plans with characteristics and samples, and inspections.

Below purchasing, fulfilment and production orders, which ask whether goods that they move are to
be inspected; what becomes of rejected goods is decided above them all, in `erp.quality`.
"""
