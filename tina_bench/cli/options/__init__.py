"""Options that verbs share, and what they amount to; prints nothing."""
