"""Rush requests: the goods of an order are wanted sooner, and that is granted or refused.

Where the ERP has the order, the ERP decides; else a person does.
"""
