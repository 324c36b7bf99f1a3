"""The benchmarks (`make bench`): each is a ratio to a named peer in one run, on the same work."""
