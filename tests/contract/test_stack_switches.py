"""What the operator of a stack decides about every job: where reports go, and whether they are saved and sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from local import cloud as local_cloud
from tests.contract.finishing import Finishing, new_secret
from tests.webhooks.receiver import Answer, Receiver

pytestmark = pytest.mark.slow
NO_ADDRESS = "INFO  AggregatedResultsHandler - Sending is on, but RESULTS_API_URL names no address"


@contextmanager
def stack(folder: Path, **told: str) -> Iterator[Finishing]:
    with (
        local_cloud.start(state=folder / "state", environment=told) as cloud,
        httpx.Client(base_url=cloud.api, timeout=30) as http,
    ):
        yield Finishing(cloud, http)


def stored(finishing: Finishing) -> str:
    """All that is in the table and in buckets, as text."""
    rows = finishing.client("dynamodb").scan(TableName=finishing.table)["Items"]
    objects = [path for path in (finishing.cloud.settings.state / "objects").rglob("*") if path.is_file()]
    texts = [f"{path}\n{path.read_text(errors='replace')}" for path in objects]
    return "\n".join([json.dumps(rows, default=repr), *texts])


def test_reports_are_plain_files_where_they_are_told_to_be_and_nothing_is_sent(tmp_path: Path) -> None:
    """ENABLE_API_SENDING=false, RESULTS_SAVE_PATH."""
    folder, secret = tmp_path / "reports", new_secret()
    with (
        Receiver(Answer(204)).running() as receiver,
        stack(
            tmp_path,
            RESULTS_API_URL=receiver.url(),
            RESULTS_API_SECRET=secret,
            ENABLE_API_SENDING="false",
            RESULTS_SAVE_PATH=str(folder),
        ) as finishing,
    ):
        job = finishing.ended()
        finishing.until_finished(job)
        answer = finishing.http.get(f"/api/v1/jobs/{job}/report/files").json()
        linked = {file["name"]: httpx.get(file["url"]).content for file in answer["files"]}
        plain = {path.name: path.read_bytes() for path in (folder / "main" / job).iterdir()}

        assert plain == linked
        assert sorted(plain) == ["report.csv", "report.json", "report.txt", "results.ndjson"]
        for kind in ("json", "txt", "csv"):
            asked = finishing.http.get(f"/api/v1/jobs/{job}/report", params={"format": kind})
            assert asked.content == plain[f"report.{kind}"]
        assert not (finishing.cloud.settings.state / "results").exists()
        assert receiver.received == []
        assert "deliveries" not in finishing.job(job)
        assert NO_ADDRESS not in finishing.cloud.log()

        everything = stored(finishing)
        assert job in everything
        assert "X-Amz-Signature" not in everything
        assert secret.removeprefix("whsec_") not in everything


def test_formats_are_those_that_the_job_asked_for_and_a_missing_address_is_said(tmp_path: Path) -> None:
    with stack(tmp_path) as finishing:
        job = finishing.ended(delivery={"formats": ["txt", "ndjson"]})
        finishing.until_finished(job)

        names = [path.name for path in (finishing.cloud.settings.state / "results" / "main" / job).iterdir()]
        assert sorted(names) == ["report.txt", "results.ndjson"]
        assert finishing.http.get(f"/api/v1/jobs/{job}/report?format=txt").status_code == 200
        refused = finishing.http.get(f"/api/v1/jobs/{job}/report?format=csv")
        assert (refused.status_code, refused.json()["code"]) == (404, "REPORT_NOT_KEPT")
        assert finishing.cloud.log().splitlines().count(NO_ADDRESS) == 1


def test_what_is_not_saved_is_sent_all_the_same(tmp_path: Path) -> None:
    """ENABLE_FILESYSTEM_SAVING=false."""
    with (
        Receiver(Answer(204)).running() as receiver,
        stack(
            tmp_path,
            RESULTS_API_URL=receiver.url(),
            RESULTS_API_SECRET=new_secret(),
            ENABLE_FILESYSTEM_SAVING="false",
        ) as finishing,
    ):
        job = finishing.ended()
        finishing.until_finished(job)

        assert finishing.job(job)["report"] == "OFF"
        for path in ("report", "report/files"):
            refused = finishing.http.get(f"/api/v1/jobs/{job}/{path}")
            assert (refused.status_code, refused.json()["code"]) == (404, "REPORT_NOT_KEPT")
        assert not (finishing.cloud.settings.state / "results").exists()
        assert "report.json" not in stored(finishing)
        assert receiver.answered == [204]
        assert "Aggregator" not in finishing.cloud.log(), "somebody was told: no breakdown"


def test_what_is_neither_saved_nor_sent_is_in_the_log(tmp_path: Path) -> None:
    with (
        Receiver(Answer(204)).running() as receiver,
        stack(
            tmp_path,
            RESULTS_API_URL=receiver.url(),
            RESULTS_API_SECRET=new_secret(),
            ENABLE_API_SENDING="false",
            ENABLE_FILESYSTEM_SAVING="false",
        ) as finishing,
    ):
        job = finishing.ended()
        finishing.until_finished(job)

        assert finishing.job(job)["report"] == "OFF"
        assert receiver.received == []
        lines = finishing.cloud.log().splitlines()
        breakdown = [line for line in lines if line.startswith("INFO  AggregatedResultsHandler - [Aggregator] ")]
        assert any(job in line for line in breakdown)
        assert any("→ Count: 3, Best: 0.5, Mean: 0.5" in line for line in breakdown)
