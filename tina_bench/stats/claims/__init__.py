"""Whether a published score holds: p-values, verdicts, and the sentences that say so."""
