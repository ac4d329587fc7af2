"""What is known of a score: every measurement once, pooled over teams, and held against claims."""
