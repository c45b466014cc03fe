"""Benchmarks: each prints our figure, the limit measured in the same minutes, and the ratio.

Start with `figures.py` (what a benchmark is) and one of the benchmarks, such as `writing.py`. A new
one is a module with a `BENCH`, named in `__main__.py`.
"""
