"""Stored answers graded again: by other graders, other versions, and as others graded them."""
