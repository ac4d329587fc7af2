"""Wrong, torn and contradictory inputs, each put to the whole program."""
