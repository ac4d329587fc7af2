"""A small catalog: models, tasks, claims of every kind, a recipe and a price."""

from tina_bench.catalog.schema import Catalog

BASE, ADAPTER = "r1-distill-qwen-1.5b", "tina-open-rs2"
SIZES = {"aime24": 30, "aime25": 30, "amc23": 40, "math500": 20, "gpqa": 198}


def catalog(tasks: tuple[str, ...] = ("aime24", "amc23", "math500")) -> Catalog:
    """Two models, the tasks, a recipe, claims of every kind, and prices."""
    titles = {
        "aime24": "AIME 2024",
        "aime25": "AIME 2025",
        "amc23": "AMC 2023",
        "math500": "MATH-500",
        "gpqa": "GPQA-D",
    }
    sampling = {"temperature": 0.6, "top_p": 0.95}
    claims = {
        "tina-v1-rs2-aime24": (
            ADAPTER,
            "aime24",
            43.33,
            2,
            1,
            "Tina v1 Table 3, arXiv 2504.15777v1",
        ),
        "tina-v1-rs2-amc23": (ADAPTER, "amc23", 77.5, 1, 1, "Tina v1 Table 3, arXiv 2504.15777v1"),
        "tina-v1-rs2-math500": (
            ADAPTER,
            "math500",
            87.0,
            1,
            1,
            "Tina v1 Table 3, arXiv 2504.15777v1",
        ),
        "tina-v1-base-aime24": (BASE, "aime24", 23.33, 2, 1, "Tina v1 Table 2, arXiv 2504.15777v1"),
        "sober-base-aime24": (
            BASE,
            "aime24",
            28.7,
            1,
            10,
            "data.json at 8fceffd, https://github.com/bethgelab/sober-reasoning.",
        ),
        "tina-v1-base-amc23": (
            BASE,
            "amc23",
            40.0,
            1,
            None,
            "Tina v1 Table 2 <b>& \u202eothers</b>",
        ),
        "many-base-amc23": (
            BASE,
            "amc23",
            64.4,
            1,
            64,
            "A third party, arXiv 2506.04734v2, Table 6",
        ),
        "tina-v1-base-math500": (
            BASE,
            "math500",
            82.6,
            1,
            1,
            "Tina v1 Table 2, arXiv 2504.15777v1",
        ),
        "open-rs1-aime24": ("open-rs1", "aime24", 30.0, 1, 1, "Open-RS paper, Table 2"),
    }
    return Catalog.model_validate(
        {
            "models": {
                BASE: {
                    "title": "R1-Distill-Qwen-1.5B",
                    "kind": "base",
                    "family": "DeepSeek R1 distilled",
                    "source": "hub",
                    "repo": "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B",
                    "reference": "https://huggingface.co/deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B",
                },
                "open-rs1": {
                    "title": "Open-RS1",
                    "kind": "baseline",
                    "family": "Open-RS",
                    "source": "hub",
                    "repo": "knoveleng/Open-RS1",
                },
                ADAPTER: {
                    "title": "Tina-Open-RS2",
                    "kind": "adapter",
                    "family": "Tina",
                    "source": "recipe",
                    "base": BASE,
                    "recipe": "open-rs2",
                    "note": "Best checkpoint is step 450, not 850: table 3 says 51 % of an epoch.",
                    "reference": "arXiv 2504.15777",
                },
            },
            "tasks": {
                name: {
                    "title": titles[name],
                    "source": "hub",
                    "dataset": f"org/{name}",
                    "split": "test",
                    "n_problems": SIZES[name],
                    "prompt": "lighteval.tasks:prompt",
                    "metric": "lighteval.metrics:metric",
                    "max_new_tokens": 32768,
                    "margin_points": 9 if name == "amc23" else 3,
                }
                for name in tasks
            },
            "recipes": {
                "open-rs2": {
                    "title": "GRPO on Open-RS, two rewards",
                    "base": BASE,
                    "dataset": "knoveleng/open-rs",
                    "dataset_size": 7000,
                    "seed": 42,
                    "rewards": [
                        {"function": "accuracy", "weight": 1},
                        {"function": "format", "weight": 1},
                    ],
                    "lora": {
                        "rank": 32,
                        "alpha": 128,
                        "dropout": 0.05,
                        "target_modules": ["q_proj", "v_proj"],
                    },
                    "grpo": {
                        "loss_type": "grpo",
                        "scale_rewards": "group",
                        "beta": 0.04,
                        "num_generations": 4,
                        "temperature": 0.7,
                        "max_completion_length": 3584,
                    },
                    "optimizer": {
                        "learning_rate": 1e-6,
                        "lr_scheduler_type": "cosine_with_min_lr",
                        "lr_scheduler_kwargs": {"min_lr_rate": 0.1},
                        "warmup_ratio": 0.1,
                        "per_device_train_batch_size": 4,
                        "gradient_accumulation_steps": 4,
                        "max_steps": 1750,
                        "stop_step": 450,
                        "save_steps": 50,
                        "bf16": True,
                    },
                }
            },
            "claims": {
                name: {
                    "model": model,
                    "task": task,
                    "value_percent": value,
                    "decimals": decimals,
                    "runs": runs,
                    "who": source.split(",")[0].split(" Table")[0],
                    "source": source,
                    "confidence": "read",
                    **({"sampling": {"temperature": 0.8, "top_p": 0.9}} if "sober" in name else {}),
                }
                for name, (model, task, value, decimals, runs, source) in claims.items()
                if task in tasks
            },
            "stacks": {
                "current": {
                    "title": "vLLM 0.31",
                    "device": "cuda",
                    "packages": {"vllm": "0.31.0"},
                    "dtype": "bfloat16",
                    "enforce_eager": False,
                    "max_num_seqs": 256,
                    "price": "l40s",
                }
            },
            "profiles": {
                "paper": {
                    "title": "As in the paper",
                    "models": [BASE, ADAPTER],
                    "tasks": list(tasks),
                    "seeds": [0, 1, 2, 3],
                    "stack": "current",
                    "sampling": sampling,
                    "max_model_tokens": 32768,
                }
            },
            "prices": {
                "l40s": {
                    "device": "NVIDIA L40S",
                    "billed_per": "gpu",
                    "price_usd_per_hour": 1.03,
                    "provider": "RunPod",
                    "date": "2026-11-01",
                    "source": "https://www.runpod.io/pricing",
                }
            },
        }
    )
