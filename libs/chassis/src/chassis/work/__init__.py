"""The unit of work: what one act writes, records and asks for, committed at once."""
