"""What is sealed is opened by the same keys alone, and a broken seal says nothing."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.delivery import SealBroken
from muster.webhooks.sealing import Sealer

OLD, NEW, OTHER = bytes(32), bytes(range(32)), b"k" * 32
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_what_was_sealed_is_opened(text: str) -> None:
    assert Sealer([NEW]).open(Sealer([NEW]).seal(text)) == text


def test_the_first_key_seals_and_all_of_them_open() -> None:
    before = Sealer([OLD]).seal("secret")
    rotating = Sealer([NEW, OLD])
    after = rotating.seal("secret")

    assert rotating.open(before) == rotating.open(after) == Sealer([NEW]).open(after) == "secret"
    with pytest.raises(SealBroken):
        Sealer([OLD]).open(after)


def test_a_token_shows_nothing_of_its_text_and_is_another_one_each_time() -> None:
    sealer = Sealer([NEW])
    tokens = {sealer.seal("whsec_secret") for _ in range(10)}

    assert len(tokens) == 10
    assert not any("secret" in token for token in tokens)


@given(st.one_of(texts, st.text(alphabet="gAB-_=")))
def test_whatever_is_no_token_is_refused_without_a_word_about_it(token: str) -> None:
    with pytest.raises(SealBroken) as refused:
        Sealer([NEW]).open(token)
    assert str(refused.value) == "sealed with none of our keys, or altered since"
    assert refused.value.__cause__ is None


def test_an_altered_token_is_refused() -> None:
    token = Sealer([NEW]).seal("secret")
    for place in range(0, len(token), 7):
        altered = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(SealBroken):
            Sealer([NEW]).open(altered)


@pytest.mark.parametrize("keys", [[], [b""], [NEW, b"short"], [b"k" * 33]])
def test_keys_of_another_length_or_none_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(keys)


def test_a_process_that_seals_nothing_does_not_load_cryptography() -> None:
    code = "import sys, muster.webhooks.sender; from muster.webhooks.sealing import Sealer; Sealer([bytes(32)])"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'cryptography' not in sys.modules"], check=True)
