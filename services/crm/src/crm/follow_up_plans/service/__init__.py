"""Acts of follow-up plans: on plans, and on their runs."""
