"""What a machine has and lacks, what each lack prevents, and what to do."""
