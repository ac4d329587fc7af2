"""Where the pages of runs, answers and texts lie."""

from tina_bench.board.transcripts import Run, StoredAnswer

PROBLEMS_A_PAGE = 100


def run_path(model: str, task: str, seed: int, page: int = 1) -> str:
    """Where a run's page lies, from the site's root."""
    suffix = "" if page == 1 else f"-page-{page}"
    return f"runs/{model}/{task}/seed-{seed}{suffix}.html"


def score_path(model: str, task: str) -> str:
    """Where everything known about a model on a task lies, by the name of its weights."""
    return f"scores/{model}/{task}.html"


def answer_path(model: str, task: str, seed: int, position: int, index: int) -> str:
    """Where an answer stands: the problem at `position` of the record, with its dataset `index`."""
    page = position // PROBLEMS_A_PAGE + 1
    return f"{run_path(model, task, seed, page)}#problem-{index}"


def text_path(run: Run, answer: StoredAnswer, part: int) -> str:
    """Where a part of a long text lies."""
    return f"runs/{run.model}/{run.task}/seed-{run.seed}/problem-{answer.index}-part-{part}.html"
