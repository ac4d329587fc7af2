"""How audits of published numbers are printed, in full and in a line each."""
