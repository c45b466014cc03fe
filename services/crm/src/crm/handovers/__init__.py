"""Hand-over: everything open of a user goes to others in one act, with a report that is kept.

What is open, modules declare (`crm.open_work`). A disabled user owns nothing open: disabling is
refused while there is some, also by the database for accounts.
"""
