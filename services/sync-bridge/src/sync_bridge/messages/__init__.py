"""What the bridge reads of the events of either half: only the fields it maps, tolerantly.

Fields it does not know are left alone, a missing one has a neutral default, and an enum is any
text: a half may publish more than the bridge has been taught, never less than it needs.
"""
