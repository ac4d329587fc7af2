"""tina-bench: is this reasoning model's published score real, and what did it cost?"""

__version__ = "0.1.0"
