"""Rush requests: a sales order is asked to go before others, and that is granted or refused.

Granting names the new day and every order that it delays, and says what it costs the customer.
"""
