"""Which problems may not be published, and why: neither on pages nor in files for others."""

from tina_bench.catalog.schema import Task

WITHHELD_DATASETS = {
    "Idavidrein/gpqa": (
        "The authors of GPQA ask that its problems are not revealed in plain text or images online "
        "(Rein et al. 2023, arXiv 2311.12022; the dataset's card, "
        "https://huggingface.co/datasets/Idavidrein/gpqa), so that models are not trained on them."
    ),
}
"""By hub dataset: why its problems stand on no page. Publishing under another task name does
not get around it."""
GATED = (
    "The dataset is handed out only to those who accept its licence, so its problems stand on no "
    "page."
)
UNLISTED = "The catalog has no entry of this task, so nothing says that its problems may be shown."


def withheld(task: Task | None) -> str | None:
    """Why the problems of a task stand on no page; `None` where they may."""
    if task is None:
        return UNLISTED
    if task.dataset in WITHHELD_DATASETS:
        return WITHHELD_DATASETS[task.dataset]
    return GATED if task.access == "gated" else None
