"""Measures Parley beside its peers: `make bench`. See README.md."""
