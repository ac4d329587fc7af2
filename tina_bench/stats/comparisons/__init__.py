"""Whether one model is better than another: pairs, power, ranks."""
