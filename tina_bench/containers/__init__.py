"""Container images: which exist, what they are built on, and the engine that holds them."""
