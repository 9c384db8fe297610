"""The runbook's own smoke script, unchanged, against the local cloud."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.cloud import Cloud

RUNBOOK = Path(__file__).parents[3] / "shared" / "seeds" / "coordinator-v1.md"


@pytest.mark.skipif(not RUNBOOK.exists(), reason="the runbook is not beside this checkout")
@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="the script needs curl and jq")
def test_the_smoke_script_of_the_runbook_runs_unchanged(cloud: Cloud, tmp_path: Path) -> None:
    (script,) = re.findall(r"^```bash\n(#!/bin/bash\nset -e\n.*?)^```$", RUNBOOK.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "smoke_test.sh").write_text(script)
    # The script says port 8080; this cloud has a free one, and curl is told where that is.
    (tmp_path / ".curlrc").write_text(f'connect-to = "localhost:8080:{cloud.api.removeprefix("http://")}"\n')
    environment = {"CURL_HOME": str(tmp_path), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    command = ["bash", "smoke_test.sh"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Smoke test complete" in done.stdout
    assert '"status": "COMPLETED"' in done.stdout
    assert "null" not in done.stdout
