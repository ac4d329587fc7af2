"""What others measured: reading their result files, which nobody has to trust."""
