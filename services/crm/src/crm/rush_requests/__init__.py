"""Rush requests: the goods of an order are wanted sooner, and that is granted or refused.

A person decides, or an ERP whose answer is sent here.
"""
