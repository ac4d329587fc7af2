"""Where the embedded model and datasets lie inside the installed package."""

from pathlib import Path

_HERE = Path(__file__).parent


def model_folder() -> Path:
    """Folder of the embedded base model."""
    return _HERE / "base"


def dataset_file(name: str) -> Path:
    """An embedded dataset by file name."""
    return _HERE / "tasks" / name
