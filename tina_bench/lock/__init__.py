"""Exactly which bytes: `checkpoints.lock`, and the check of files against it."""
