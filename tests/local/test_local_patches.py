"""The names inside ministack that the local cloud depends on."""

import pytest

from local import patches


def test_the_installed_ministack_has_every_name() -> None:
    patches.check_names()


def test_a_missing_name_is_told_with_the_version_and_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(patches.PRIVATE_NAMES, "ministack.core.persistence", {"gone": "saves the world"})
    with pytest.raises(
        patches.WrongMinistack, match=r"ministack 1\.5\.33 lacks .*persistence\.gone \(saves the world\)"
    ):
        patches.check_names()
