"""Follow-up plans: steps in days, each of which makes a task for a lead, a contact or a deal.

A run is a plan on a record: its steps are those of the plan when it began. The worker makes each
step's activity once. A run stops when the customer replies, when the record enters a stage that
the plan names, or when it is closed.
"""
