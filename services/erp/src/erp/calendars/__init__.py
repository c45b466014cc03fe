"""Working hours as records: blocks by weekday, own exceptions, holidays of a country, a zone.

What they mean is said by the library `calendars`. A calendar without hours is refused, by the
database as well.
"""
