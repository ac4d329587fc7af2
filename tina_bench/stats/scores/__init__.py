"""What a model scores: estimates, intervals, majority votes."""
