"""The leaderboard: records, report and ledger as static pages. No engine, no network, no script."""
