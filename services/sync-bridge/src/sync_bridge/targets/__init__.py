"""Calls to the two halves, through their public APIs and nothing else.

The rest of the bridge knows only `Target` and `Answer`: which HTTP client lies behind is this
package's business, so another one can take its place.
"""
