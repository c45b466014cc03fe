"""How far the bridge is: what was taken in, what is across, what is stopped.

Words: the *mark* of a source is the feed position up to which everything is here; the bridge has
*drained* a source when everything taken in is settled.
"""
