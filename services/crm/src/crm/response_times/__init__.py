"""Response times: how long a lead waits from its capture until staff first turns to it.

The first call, meeting or e-mail that is done counts, unless it came from the lead, a program did
it or it went to many. Time is working time where the lead's owner has a calendar.
"""
