"""How audits of published numbers are printed, in full and in one line per audit."""
