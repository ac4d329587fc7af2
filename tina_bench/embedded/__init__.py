"""The `smoke` profile's raw material: a tiny base model, three tasks, training problems.

The profile exists so that the whole pipeline (train, merge, evaluate, grade, judge) can run on
any CPU in minutes, offline. Its scores say nothing about mathematics; they only have to behave
like real ones: a base that is right about half the time, samples that differ between seeds, and
an RL recipe that visibly helps.
"""
