"""Keys as texts, and who may act for whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.access_key import MATERIAL_BYTES, AccessKey, organization_of_key
from muster.core.caller import Caller
from muster.core.errors import Forbidden

MATERIAL = st.binary(min_size=MATERIAL_BYTES, max_size=MATERIAL_BYTES)


@given(organization=st.from_regex(r"\A[a-z0-9]{1,16}\Z"), material=MATERIAL)
def test_the_text_of_a_key_reads_back_and_its_id_names_the_organization(organization: str, material: bytes) -> None:
    key = AccessKey.of(organization, material)

    assert AccessKey.parse(key.text) == key
    assert organization_of_key(key.id) == organization


@given(one=MATERIAL, other=MATERIAL)
def test_other_chance_makes_another_key(one: bytes, other: bytes) -> None:
    same_secret = int.from_bytes(one[16:]) % 2**260 == int.from_bytes(other[16:]) % 2**260

    assert (AccessKey.of("a", one).digest == AccessKey.of("a", other).digest) == same_secret


@given(text=st.text())
def test_no_text_makes_parsing_fail(text: str) -> None:
    assert AccessKey.parse(text) is None
    assert organization_of_key(text) is None


def test_neither_digest_nor_repr_tells_the_secret() -> None:
    key = AccessKey.of("acme", bytes(range(MATERIAL_BYTES)))

    assert key.secret not in key.digest + repr(key)


@pytest.mark.parametrize(("named", "acts_for"), [(None, "acme"), ("acme", "acme")])
def test_everybody_acts_for_the_own_organization(named: str | None, acts_for: str) -> None:
    assert Caller("acme").acting_for(named) == acts_for


def test_the_operator_alone_acts_for_another() -> None:
    assert Caller("main", operator=True).acting_for("acme") == "acme"
    with pytest.raises(Forbidden):
        Caller("acme").acting_for("main")
