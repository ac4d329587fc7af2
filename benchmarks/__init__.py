"""Benchmarks: run by `make bench`, figures in BENCHMARKS.md."""
