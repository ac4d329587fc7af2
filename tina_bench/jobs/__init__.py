"""What happens inside one job. The only room that imports engines, and only inside functions."""
