"""Claims against records, for CI: recompute, judge, weigh accepted cases, and say so in files."""
