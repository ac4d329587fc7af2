"""The content of pages: collected once from records, catalog and statistics."""
