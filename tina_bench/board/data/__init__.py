"""What the site offers to programs: schemas, the index of all files, the feed, the preview."""
