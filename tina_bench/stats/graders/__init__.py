"""Whether a score hangs on its grader."""
