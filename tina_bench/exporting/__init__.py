"""Results as other programs read them: one module per format."""
