"""Arrays in, numbers out: the methods of docs/statistics.md, which know no record."""
