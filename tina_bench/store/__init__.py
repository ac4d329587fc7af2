"""Everything that runs leave: samples, grades, ledgers, results, under one home."""
