"""Seconds, memory, joules and dollars of a job; unknown where a quantity cannot be measured."""
