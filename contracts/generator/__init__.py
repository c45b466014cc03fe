"""The contracts' generator: what the services promise, written from their code.

`python -m contracts.generator generate` writes the files, `check` tells whether the committed
ones are stale and whether a promise that somebody may rely on was broken.
"""
