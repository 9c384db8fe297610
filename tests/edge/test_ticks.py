"""The entry points of the queue and the schedule."""

import json
from typing import Any

import pytest

from functions.schedule.audit_jobs import audit_jobs
from functions.schedule.keep_watch import keep_watch
from tests.edge.conftest import Recorder


def message(name: str, body: str, received: int = 1) -> dict[str, Any]:
    return {"messageId": name, "body": body, "attributes": {"ApproximateReceiveCount": str(received)}}


def test_each_message_is_one_tick_with_how_often_it_came(store: Recorder) -> None:
    records = [message("a", '{"slot": 7}'), message("b", '{"slot": 8}', received=3)]

    assert keep_watch({"Records": records}, None) == {"batchItemFailures": []}
    assert [args for _, args, _ in store.calls] == [({"slot": 7}, 1), ({"slot": 8}, 3)]


def test_a_failed_message_is_reported_alone_and_logged(
    store: Recorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail_on_eight(body: dict[str, Any], _: int) -> None:
        if body["slot"] == 8:
            raise RuntimeError("no table")

    monkeypatch.setattr(store, "keep_watch", fail_on_eight, raising=False)
    records = [message(name, json.dumps({"slot": slot})) for name, slot in (("a", 7), ("b", 8), ("c", 9))]

    assert keep_watch({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "b"}]}
    assert "no table" in capsys.readouterr().out


def test_a_message_that_is_no_json_ends_among_the_dead_letters(store: Recorder) -> None:
    assert keep_watch({"Records": [message("a", "{")]}, None) == {"batchItemFailures": [{"itemIdentifier": "a"}]}
    assert store.calls == []


def test_the_minute_runs_the_audit(store: Recorder) -> None:
    audit_jobs({"detail-type": "Scheduled Event"}, None)

    assert store.calls == [("audit_jobs", (), {})]


def test_an_audit_that_fails_is_logged_and_raised_so_that_it_is_tried_again(
    store: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    store.outcome = RuntimeError("no table")
    with pytest.raises(RuntimeError, match="no table"):
        audit_jobs({}, None)

    assert "ERROR Schedule - audit_jobs failed" in capsys.readouterr().out
