"""Assignment: rules decide, in their order, which user gets a record that has no owner.

What is assigned is declared by the module that has it (`service.subjects`): how its facts are
read, how many open records a user has, how the owner is set. A subject waits until it is
decided; those that nobody may have wait on, the oldest first. A subject is decided once; the
decision is kept with its rule and inputs, and never changes.
"""
