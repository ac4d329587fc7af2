"""Bytes on disk: atomic writes, append-only logs, hashes, and values read strictly."""
