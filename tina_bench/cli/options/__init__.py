"""Options that verbs share, and the objects made of them; prints nothing."""
