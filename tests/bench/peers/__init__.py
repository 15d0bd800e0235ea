"""The peers' own programs, each run by a Python or Node of its own: see `tests.bench.contenders`."""
