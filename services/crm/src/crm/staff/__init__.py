"""Staff: who works here, and in which team.

A *staff member* is a local user of this service with what sales adds to it: an e-mail address
and a team. A *team* is a named group; a member is in at most one. *Disabled* members cannot log
in and get no new work, and stay the owners of what they own.

What always holds: nobody grants a role that allows more than they may do themselves, nor changes
a member who may do more; nobody disables themselves; two teams never have one name.
"""
