"""Where work is done: work centres with their calendar, capacity, rates, skills and tools.

Apart from routings and orders, because planning and scheduling read work centres as well.
"""
