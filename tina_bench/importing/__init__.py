"""What others measured: reading their result files, which are not trusted."""
