"""How a site is written, fast and safely; knows nothing of models."""
