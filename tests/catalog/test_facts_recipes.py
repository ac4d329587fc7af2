"""Models and recipes of the catalog are the facts', key by key; paper and code are never mixed."""

import re
from typing import Any

import pytest

from tests.catalog.facts import (
    ABLATIONS,
    BASE,
    BASELINES,
    CATALOG,
    MODELS,
    SIX,
    TINA,
    facts,
    prose,
)
from tina_bench.catalog.recipes import Recipe, Variant
from tina_bench.catalog.schema import Confidence, ModelKind, Source
from tina_bench.catalog.training import check_recipe

RECIPES = {name: one for name, one in CATALOG.recipes.items() if one.base == BASE}
DESCRIBED = {name for name, one in RECIPES.items() if one.variant is Variant.AS_DESCRIBED}


def of_file(row: dict[str, Any]) -> Recipe:
    """The one recipe that follows that published file, where need be the code's of two."""
    path = row["file"].split(" @ ")[0]
    (name,) = [
        name
        for name, recipe in RECIPES.items()
        if name not in DESCRIBED and recipe.reference.startswith(f"{path} @ c6274cd")
    ]
    return RECIPES[name]


def test_each_published_recipe_is_in_the_catalog_and_no_other() -> None:
    rows = facts()["recipe"]
    assert len(rows) == 21
    assert len({of_file(row).title for row in rows}) == 21
    assert len(RECIPES) == 21 + len(DESCRIBED)


TOP = {"dataset": "dataset", "seed": "seed"}
LORA = {"lora_r": "rank", "lora_alpha": "alpha", "lora_dropout": "dropout"}
GRPO = {
    "num_generations": "num_generations", "temperature": "temperature",
    "max_prompt_length": "max_prompt_length", "max_completion_length": "max_completion_length",
    "vllm_gpu_memory_utilization": "vllm_gpu_memory_utilization",
    "vllm_max_model_len": "vllm_max_model_len",
}  # fmt: skip
OPTIMIZER = {
    "learning_rate": "learning_rate", "lr_scheduler": "lr_scheduler_type",
    "warmup_ratio": "warmup_ratio", "per_device_train_batch_size": "per_device_train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps", "num_gpus": "num_gpus",
    "max_steps": "max_steps", "stop_step": "stop_step", "save_steps": "save_steps", "bf16": "bf16",
}  # fmt: skip
ELSEWHERE = {
    "recipe", "file", "min_lr_rate", "lora_target_modules", "prompts_per_step_derived",
    "num_train_epochs", "attn_implementation", "vllm_device", "reward_funcs", "reward_weights",
    "loss", "system_prompt", "extra_keys", "cosine_max_len_cli",
}  # fmt: skip
"""Keys of the facts that the test below compares one by one."""


@pytest.mark.parametrize("row", facts()["recipe"], ids=lambda row: row["recipe"])
def test_a_recipe_is_the_published_file_s_key_by_key(row: dict[str, Any]) -> None:
    recipe = of_file(row)
    keys = {*TOP, *LORA, *GRPO, *OPTIMIZER}
    assert set(row) <= keys | ELSEWHERE, "the facts have a key that nothing here compares"
    for names, part in (
        (TOP, recipe), (LORA, recipe.lora), (GRPO, recipe.grpo), (OPTIMIZER, recipe.optimizer),
    ):  # fmt: skip
        assert {key: getattr(part, ours) for key, ours in names.items()} == {
            key: row.get(key) for key in names
        }
    assert recipe.optimizer.lr_scheduler_kwargs == {"min_lr_rate": row["min_lr_rate"]}
    # With a last step in the file, that holds, and its one epoch means nothing.
    epochs = None if "max_steps" in row else row["num_train_epochs"]
    assert recipe.optimizer.num_train_epochs == epochs
    assert list(recipe.lora.target_modules) == row["lora_target_modules"]
    assert recipe.prompts_per_step == row["prompts_per_step_derived"]
    assert [reward.function for reward in recipe.rewards] == row["reward_funcs"]
    assert [reward.weight for reward in recipe.rewards] == row["reward_weights"]
    for key in ("attn_implementation", "vllm_device"):
        assert recipe.unused_settings[key] == row[key]
    assert [key for key in recipe.unused_settings if key == "scale_reward"] == row["extra_keys"]
    assert recipe.system_prompt_from is not None
    assert recipe.system_prompt_from.constant == row["system_prompt"]
    assert row["loss"] == (
        "GRPO, trl 0.15.2 default (beta 0.04, per-sequence mean, scale_rewards True)"
    )
    grpo = recipe.grpo
    assert (grpo.loss_type, grpo.beta, grpo.scale_rewards) == ("grpo", 0.04, "group")


@pytest.mark.parametrize("row", facts()["recipe"], ids=lambda row: row["recipe"])
def test_the_constants_of_the_rewards_are_the_facts(row: dict[str, Any]) -> None:
    """Section 3.2; a cosine limit that no command line gives is the published default."""
    text = " ".join(prose().split())
    assert "`cosine` wrong 0.0 → −0.5, correct 0.5 → 1.0" in text
    assert "`repetition_penalty` 3-grams, max −1.0" in text
    assert "`length_l1_*` α 0.0003, δ 0.5, target length sampled 100–4000" in text
    for reward in of_file(row).rewards:
        expected: dict[str, float] = {}
        if reward.function == "cosine":
            expected = {
                "min_value_wrong": 0.0, "max_value_wrong": -0.5, "min_value_correct": 0.5,
                "max_value_correct": 1.0, "max_len_characters": row.get("cosine_max_len_cli", 1000),
            }  # fmt: skip
        elif reward.function == "repetition_penalty":
            expected = {"ngram_size": 3, "max_penalty": -1.0}
        elif reward.function.startswith("length_l1"):
            expected = {"alpha": 0.0003, "target_min_tokens": 100, "target_max_tokens": 4000}
            expected |= {"delta": 0.5} if reward.function == "length_l1_max" else {}
        assert reward.parameters == expected


def test_texts_are_named_at_the_commit_of_the_facts_and_never_copied() -> None:
    for name, recipe in RECIPES.items():
        assert recipe.system_prompt is None
        for text in (recipe.system_prompt_from, recipe.chat_template_from):
            assert text is not None, name
            assert re.fullmatch(
                r"https://raw\.githubusercontent\.com/shangshang-wang/Tina/c6274cd[0-9a-f]{33}/"
                r"tina/utils/(prompt|chat_template)\.py",
                text.url,
            )
        assert recipe.chat_template_from is not None
        assert recipe.chat_template_from.constant == "REASON_CHAT_TEMPLATE"


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            made |= flat(value, f"{prefix}{key}.")
        elif key == "rewards":
            for reward in value:
                made |= flat(reward["parameters"], f"{reward['function']}.")
                made[f"{reward['function']}.weight"] = reward["weight"]
        else:
            made[f"{prefix}{key}"] = value
    return made


UNITS = {"cosine.max_len_characters": (3584, None), "cosine.max_len_tokens": (None, 3584)}
APART: dict[str, dict[str, tuple[Any, Any]]] = {
    "tina-open-rs2": {
        "grpo.num_generations": (6, 4), "optimizer.per_device_train_batch_size": (6, 4),
    },
    "tina-open-rs3": UNITS,
    "tina-open-rs3-drgrpo": UNITS | {
        "grpo.loss_type": ("grpo", "dr_grpo"), "grpo.scale_rewards": ("group", "none"),
        "unused_settings.scale_reward": (False, None),
    },
    "tina-open-rs3-long-completion": UNITS | {
        "cosine.max_len_characters": (1000, None),
        "grpo.vllm_max_model_len": (4608, None), "unused_settings.scale_reward": (False, None),
    },
    "tina-openr1": UNITS,
    "tina-openthoughts": UNITS,
    "tina-limr-rank-64": {"lora.rank": (128, 64), "lora.alpha": (512, 256)},
}  # fmt: skip
"""In what the published code and the description differ: (code, description)."""


def test_twins_differ_in_what_paper_and_code_disagree_about_and_in_nothing_else() -> None:
    assert {name.removesuffix("-as-described") for name in DESCRIBED} == set(APART)
    words = {"title", "note", "variant", "twin"}
    for start, expected in APART.items():
        code = RECIPES[f"{start}-as-published-code"]
        described = RECIPES[f"{start}-as-described"]
        assert code.variant is Variant.AS_PUBLISHED_CODE
        assert (code.twin, described.twin) == (
            f"{start}-as-described", f"{start}-as-published-code",
        )  # fmt: skip
        assert code.note != described.note
        one, other = flat(code.model_dump()), flat(described.model_dump())
        differs = {
            key: (one.get(key), other.get(key))
            for key in (one.keys() | other.keys()) - words
            if one.get(key) != other.get(key)
        }
        assert differs == expected


COLUMNS = {
    "agentica-org/DeepScaleR-Preview-Dataset": ("problem", "answer", True),
    "Intelligent-Internet/II-Thought-RL-v0-Math-50K": (
        "messages.0.content", "verification_info.answer.value", True,
    ),
    "RUC-AIBOX/STILL-3-Preview-RL-Data": ("question", "answer", True),
    "knoveleng/open-rs": ("problem", "solution", True),
    "knoveleng/open-s1": ("problem", "solution", True),
    "open-r1/OpenR1-Math-220k": ("problem", "solution", True),
    "GAIR/LIMR": ("prompt", "answer", False),
    "Nickyang/FastCuRL": ("problem", "answer", False),
    "bethgelab/CuratedThoughts": ("problem", "solution", False),
}  # fmt: skip
"""Columns that tina/post_train_hf/grpo.py at c6274cd reads, and whether they are known at all."""


def test_training_reads_the_columns_that_the_published_code_reads() -> None:
    for name, recipe in RECIPES.items():
        problem, answer, known = COLUMNS[recipe.dataset]
        assert (recipe.problem_field, recipe.answer_field) == (problem, answer), name
        assert known != ("not known" in recipe.note or "not confirmed" in recipe.note), name
        subset = "OpenThoughts-114k-math-default" if "Curated" in recipe.dataset else "default"
        assert (recipe.dataset_subset, recipe.dataset_split) == (subset, "train")


def test_a_recipe_that_the_published_code_cannot_start_says_so() -> None:
    unable = {name for name, recipe in RECIPES.items() if "cannot start" in recipe.note}
    assert unable == {"tina-ii-thought", "tina-fastcurl", "tina-l1-exact", "tina-l1-max"}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_can_be_trained_as_it_stands(name: str) -> None:
    check_recipe(name, RECIPES[name])


# ---- models


def test_baselines_have_the_repository_and_commit_of_the_facts() -> None:
    rows = facts()["baseline_model"]
    assert {row["name"] for row in rows} == set(BASELINES)
    for row in rows:
        model = CATALOG.models[MODELS[row["name"]]]
        assert (model.title, model.source, model.repo) == (row["name"], Source.HUB, row["hf_repo"])
        assert model.revision == row.get("revision", "").removesuffix(" (12 hex)") or (
            model.revision is None and row["note"] == "revision not found"
        )
    weights = CATALOG.models[BASE].note
    assert "58858233513d76b8703e72eed6ce16807b523328188e13329257fb9594462945" in weights
    assert "58858233513d76b8703e72eed6ce16807b523328188e13329257fb9594462945" in rows[0]["weights"]


def test_open_rs_checkpoints_are_one_commit_each() -> None:
    rows = facts()["open_rs_checkpoint_log"]
    family = {n: m for n, m in CATALOG.models.items() if m.family == "Open-RS checkpoints"}
    assert len(family) == len(rows)
    for row in rows:
        model = family[f"openrs-grpo-exp{row['experiment']}-step{row['step']}"]
        assert model.revision == row.get("revision")
        if "revision" in row:
            assert (model.source, model.repo) == (Source.HUB, row["hf_repo"])
        else:
            assert (model.source, model.repo) == (Source.UNPUBLISHED, None)
            assert "nobody can fetch it" in model.note


def test_the_rows_of_the_paper_stand_on_the_step_and_epoch_of_the_facts() -> None:
    names = {**TINA, **ABLATIONS}
    rows = [*facts()["v1_tina_main"], *facts()["v1_ablation"]]
    for row in rows:
        if "same_row_as" in row:
            continue
        model = CATALOG.models[names[row["name"]]]
        assert model.checkpoint_step == row["checkpoint_step"]
        assert model.checkpoint_epoch_percent == row["epoch_percent"]
        if row["checkpoint_source"].startswith("derived"):
            assert model.checkpoint_confidence is Confidence.DERIVED
        if model.subfolder is not None:
            assert model.subfolder == f"checkpoint-{row['checkpoint_step']}"


def test_a_model_of_tina_s_is_trained_by_the_recipe_of_its_name_and_of_two_by_the_code_s() -> None:
    """An adapter that the authors released is taken for what their published code made."""
    trained = {n: m for n, m in CATALOG.models.items() if m.base == BASE and m.recipe is not None}
    assert len(trained) == len(RECIPES)
    for name, model in trained.items():
        assert model.recipe in (name, f"{name}-as-published-code")
        if model.recipe != name:
            assert "of the two, the published code's" in model.note


def test_a_repository_that_was_only_guessed_by_a_pattern_says_so() -> None:
    """Confirmed are those of the facts' table, of the authors' scripts, and one link."""
    confirmed = {row["hf_repo"] for row in facts()["baseline_model"]}
    confirmed |= {row["hf_repo"] for row in facts()["open_rs_checkpoint_log"]}
    confirmed |= {"Qwen/Qwen2.5-1.5B", "Qwen/Qwen2.5-Math-1.5B", "Zyphra/ZR1-1.5B"}
    confirmed |= {"Tina-Yi/R1-Distill-Qwen-1.5B-STILL"}
    assert "`Tina-Yi/R1-Distill-Qwen-1.5B-STILL`" in prose()
    for name, model in CATALOG.models.items():
        if model.repo is not None:
            assert (model.repo in confirmed) != ("is not confirmed" in model.note), name


def test_other_efforts_are_named_as_a_sober_look_names_them() -> None:
    efforts = [m for m in CATALOG.models.values() if "Sober Look: " in m.note]
    assert len(efforts) == 18
    rows = {row["name"]: row for row in facts()["sober_other_efforts"]}
    for model in efforts:
        row = rows[model.title]
        assert model.repo == f"{row['hf_org']}/{row['name']}"
        assert f"Base by A Sober Look: {row['base']};" in model.note


def test_fastcurl_v3_is_guessed_by_the_pattern_of_the_one_before() -> None:
    preview, v3 = CATALOG.models["fastcurl-1.5b"], CATALOG.models["fastcurl-1.5b-v3"]
    assert preview.repo is not None
    assert v3.repo == preview.repo.replace(preview.title, v3.title)


def test_a_model_of_the_field_profile_has_a_confirmed_repository() -> None:
    for name in CATALOG.profiles["field"].models:
        model = CATALOG.models[name]
        assert model.source is Source.HUB
        assert "is not confirmed" not in model.note


def test_profiles_of_the_hub_follow_the_published_protocol() -> None:
    for name in ("paper", "paper-ablations", "field"):
        profile = CATALOG.profiles[name]
        assert (profile.sampling.temperature, profile.sampling.top_p) == (0.6, 0.95)
        assert profile.max_model_tokens == 32768
        assert profile.answers_fill_context
        assert profile.seeds == tuple(range(10))
        assert set(SIX) <= set(profile.tasks)
    main = [MODELS[row["name"]] for t in ("v1_baselines", "v1_tina_main") for row in facts()[t]]
    assert list(CATALOG.profiles["paper"].models) == main
    sources = {CATALOG.models[m].source for m in CATALOG.profiles["paper"].models}
    assert sources == {Source.HUB}, "the default profile trains nothing"
    assert set(ABLATIONS.values()) <= set(CATALOG.profiles["paper-ablations"].models)


def test_the_model_of_the_short_context_says_so() -> None:
    assert "4096 for Qwen2.5-Math-1.5B" in prose()
    assert CATALOG.models["qwen2.5-math-1.5b"].max_model_tokens == 4096


def test_nobody_can_fetch_what_a_third_party_trained_for_itself() -> None:
    for row in (*facts()["third_party_reproduction"], *facts()["third_party_single_run"]):
        model = CATALOG.models[MODELS[row["name"]]]
        if row["name"].startswith("own "):
            assert (model.kind, model.source) == (ModelKind.ADAPTER, Source.UNPUBLISHED)
            assert row["name"] in model.title
            assert f"ckpt-{model.checkpoint_step}" in row["name"]


TASKS = {
    "aime24": "aime24", "aime25": "aime25", "amc23": "amc23", "math500": "math_500",
    "minerva": "minerva", "gpqa": "gpqa:diamond", "olympiadbench": "olympiadbench (extra)",
}  # fmt: skip


def test_tasks_have_the_dataset_split_and_size_of_the_facts() -> None:
    table = {
        cells[1]: cells
        for line in prose().splitlines()
        if len(cells := [cell.strip() for cell in line.split("|")]) == 7
    }
    for name, printed in TASKS.items():
        task = CATALOG.tasks[name]
        _, _, dataset, split, n, gold, _ = table[printed]
        assert dataset.startswith(task.dataset)
        assert (task.split, str(task.n_problems)) == (split, n.split()[0])
        assert task.n_problems == facts()["meta"]["n_items"][name]
        assert task.max_new_tokens == 32768
        least = 1.5 * 100 / task.n_problems
        assert task.margin_points == (least if task.n_problems < 100 else 2), "the note's rule"
        assert (task.access == "gated") == ("gated" in dataset)
        if name == "gpqa":
            assert task.subset in dataset
            assert task.prompt_seed is not None
            assert any("without a seed" in caveat for caveat in task.caveats)
        else:
            assert gold.startswith(str(task.gold_field))
