"""What the records say: estimates, comparisons, verdicts. No engine, no files, no randomness."""
