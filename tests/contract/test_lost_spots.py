"""A spot dies: what it held runs elsewhere, and soon."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from local import cloud as local_cloud
from local.cloud import Cloud
from tests.contract.conftest import Coordinator

Eventually = Callable[[Callable[[], bool], float], float]
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_dead_spot_is_reaped_within_16_s_before_any_schedule_fired(tmp_path: Path, eventually: Eventually) -> None:
    """No schedule fires in the first 60 s of a local cloud: only the watch can have done it."""
    with local_cloud.start(state=tmp_path) as cloud, httpx.Client(base_url=cloud.api, timeout=30) as http:
        begun = time.monotonic()
        coordinator = Coordinator(http, "default")
        job, spot = coordinator.submit(), coordinator.hello()
        held = coordinator.claim(spot, 4)
        silent_since = time.monotonic()
        assert coordinator.job(job)["runningTasks"] == 4
        eventually(lambda: coordinator.job(job)["runningTasks"] == 0, 16)
        assert time.monotonic() - silent_since > 9, "reaped before it was silent for 10 s"
        # Leases go back before the spot is DOWN, so between the two writes a reader may still see it UP.
        eventually(lambda: [one["status"] for one in http.get("/api/v1/spots").json()["spots"]] == ["DOWN"], 3)
        assert time.monotonic() - begun < 55
        assert f"TaskReaper - Reaped task {job}.0 for retry" in cloud.log()
        eventually(lambda: "SpotService - Reaped 1 stale SPOTs, freed 4 tasks" in cloud.log(), 3)
        other = coordinator.hello()
        eventually(lambda: bool(coordinator.claim(other, 1)), 3)
        late = coordinator.complete(spot, held[3])
        assert late.status_code == 200, "nobody has taken it since, so the work counts"


@pytest.mark.slow
def test_the_tasks_of_a_killed_spot_run_elsewhere_within_20_s(
    cloud: Cloud, coordinator: Coordinator, tmp_path: Path, eventually: Eventually
) -> None:
    tasks = [{"seconds": 2.0, "number": number} for number in range(12)]
    job = coordinator.submit(
        algorithms=None, parameters=None, tasks=tasks, runner={"python": "tests.contract.sleeping:nap"}
    )
    victim, survivor = _spot(cloud, coordinator, tmp_path / "victim.log"), None
    try:
        eventually(lambda: coordinator.job(job)["runningTasks"] >= 2, 30)
        os.killpg(victim.pid, signal.SIGKILL)
        killed_at = time.monotonic()
        survivor = _spot(cloud, coordinator, tmp_path / "survivor.log")
        eventually(lambda: coordinator.job(job)["status"] == "COMPLETED", 60)
        attempts = [one["attempt"] for one in coordinator.http.get(f"/api/v1/jobs/{job}/tasks").json()["tasks"]]
        assert max(attempts) == 2, "nothing of the killed spot ran again"
        again = [
            one["claimedAt"]
            for one in coordinator.http.get(f"/api/v1/jobs/{job}/tasks").json()["tasks"]
            if one["attempt"] == 2
        ]
        assert again
        assert _seconds_until(max(again), killed_at) < 20
    finally:
        for process in filter(None, (victim, survivor)):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(15)


def _seconds_until(moment: str, since: float) -> float:
    """From a monotonic moment to an ISO time."""
    from datetime import datetime

    wall = datetime.fromisoformat(moment).timestamp()
    return wall - (time.time() - (time.monotonic() - since))


def _spot(cloud: Cloud, coordinator: Coordinator, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "muster_client", "spot", "--cores", "2", "--pool", coordinator.pool]
    command += ["--path", str(REPOSITORY), "--url", cloud.api]
    path = os.pathsep.join([str(REPOSITORY / "clients"), str(REPOSITORY)])
    with log.open("wb") as out:
        return subprocess.Popen(
            command, stdout=out, stderr=out, start_new_session=True, env=os.environ | {"PYTHONPATH": path}
        )
