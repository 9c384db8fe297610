"""The state folder, without a cloud on it."""

import json
import os
from importlib.metadata import version
from pathlib import Path

import pytest

from local import state

PAYLOAD = {"__ministack_format__": 2, "payload": {"tables": {}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "emulator").mkdir()
    (tmp_path / "objects" / "bucket").mkdir(parents=True)
    (tmp_path / "objects" / "bucket" / "key").write_text("content")
    (tmp_path / "version").write_text(version("ministack"))
    (tmp_path / "emulator" / "dynamodb.json").write_text(json.dumps(PAYLOAD))
    return tmp_path


def test_a_readable_state_stays_where_it_is(folder: Path) -> None:
    assert state.make_readable(folder) == []
    assert json.loads((folder / "emulator" / "dynamodb.json").read_text()) == PAYLOAD


@pytest.mark.parametrize("content", ["{half", json.dumps({"__ministack_format__": 99, "payload": {}}), "[]"])
def test_a_state_that_can_not_be_read_is_moved_aside_as_a_whole(folder: Path, content: str) -> None:
    (folder / "emulator" / "sqs.json").write_text(content)
    (sentence,) = state.make_readable(folder)
    (aside,) = folder.glob("unreadable-*")
    assert str(aside) in sentence
    assert "sqs.json" in sentence
    assert json.loads((aside / "emulator" / "dynamodb.json").read_text()) == PAYLOAD
    assert (aside / "objects" / "bucket" / "key").read_text() == "content"
    assert list((folder / "emulator").iterdir()) == list((folder / "objects").iterdir()) == []


def test_a_second_unreadable_state_does_not_overwrite_the_first(folder: Path) -> None:
    for _ in range(2):
        (folder / "emulator" / "sqs.json").write_text("{half")
        state.make_readable(folder)
    assert len(list(folder.glob("unreadable-*"))) == 2


def test_a_state_of_another_ministack_is_copied_before_it_is_read(folder: Path) -> None:
    (folder / "version").write_text("1.0.0")
    (sentence,) = state.make_readable(folder)
    (copy,) = folder.glob("before-*")
    assert "1.0.0" in sentence
    assert json.loads((copy / "dynamodb.json").read_text()) == PAYLOAD
    assert state.make_readable(folder) == []


def test_a_new_emulator_port_is_put_into_saved_queue_urls_but_not_into_tables(folder: Path) -> None:
    text = json.dumps({"url": "http://127.0.0.1:4000/000000000000/watch"})
    for name in ("sqs.json", "dynamodb.json"):
        (folder / "emulator" / name).write_text(text)
    state.remember_emulator_port(folder, "127.0.0.1", 4000)
    state.remember_emulator_port(folder, "127.0.0.1", 4001)
    assert "127.0.0.1:4001/" in (folder / "emulator" / "sqs.json").read_text()
    assert (folder / "emulator" / "dynamodb.json").read_text() == text
    assert state.last_emulator_port(folder) == 4001


def test_a_record_left_by_a_killed_cloud_does_not_count(folder: Path) -> None:
    state.write_running(folder, {"pid": os.getpid(), "emulator": "http://127.0.0.1:1", "api": []})
    assert state.read_running(folder) is None
    with state.take_lock(folder):
        assert state.read_running(folder) is not None


def test_one_folder_takes_one_cloud(folder: Path) -> None:
    with state.take_lock(folder), pytest.raises(state.StateInUse, match=str(folder)):
        state.take_lock(folder, patience_seconds=0)
