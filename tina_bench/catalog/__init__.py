"""What exists and what was claimed: models, tasks, recipes, claims, stacks, profiles, prices."""
