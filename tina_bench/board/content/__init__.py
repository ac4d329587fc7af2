"""What pages say: gathered once from records, catalog and statistics."""
