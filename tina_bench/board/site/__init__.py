"""Putting a site together, and serving it."""
