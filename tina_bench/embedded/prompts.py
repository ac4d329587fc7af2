"""The prompt function of the embedded tasks, of the shape that LightEval calls."""

from typing import Any


def smoke_prompt(line: dict[str, Any], task_name: str | None = None) -> Any:
    """A dataset row as LightEval's `Doc`: the problem as it stands, one integer as gold."""
    from lighteval.tasks.requests import Doc

    return Doc(task_name=task_name, query=line["problem"], choices=[line["answer"]], gold_index=0)
