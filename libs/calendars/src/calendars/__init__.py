"""Working calendars: when work is done, and what follows for due times.

A calendar has blocks of working hours by weekday, exceptions by day, public holidays of a
country with their make-up days, and a zone. An instant is working time if the clock on the wall
shows it inside a block. Pure: no database, no web, no clock of its own.
"""
