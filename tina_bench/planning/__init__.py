"""Request + catalog + lock + what the store holds → an ordered list of jobs with an estimate."""
