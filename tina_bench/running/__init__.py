"""Where a job runs: a job folder in, a job folder out."""
