"""The least that could be done: one `vllm.LLM.generate` call over given prompts, nothing kept.

`python -m benchmarks.bare_generate REQUESTS.json`: prompts and seeds as our evaluate job sent them.
"""

import json
import os
import sys
from pathlib import Path

from tina_bench.jobs.engine import OFFLINE

os.environ.update(OFFLINE)


def main(path: str) -> None:
    """Load the engine, generate, print how many answers there were."""
    work = json.loads(Path(path).read_text(encoding="utf-8"))
    os.environ["VLLM_CPU_KVCACHE_SPACE"] = "1"
    from vllm import LLM, SamplingParams

    llm = LLM(**work["engine"], disable_log_stats=True)
    parameters = [SamplingParams(**work["sampling"], seed=seed) for seed in work["seeds"]]
    prompts = [{"prompt_token_ids": ids} for ids in work["prompts"]]
    outputs = llm.generate(prompts, parameters, use_tqdm=False)  # type: ignore[arg-type]
    sys.stdout.write(f"{len(outputs)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
