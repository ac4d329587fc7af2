"""A whole folder of logs: imported, counted, repeats found, compared with the facts."""

from pathlib import Path

import pytest

from tests.importing.log_claims import LogClaims


class TestMadeLogs(LogClaims):
    @pytest.fixture(scope="class")
    @classmethod
    def logs(cls, open_rs_logs: Path) -> Path:
        return open_rs_logs
