"""Numbers come out as they went in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.sweeps import exact_json


@pytest.mark.parametrize(
    "text",
    ["0.10", "-0.0", "1e-300", "1E+2", "123456789012345678901234567890.5", "5e-324", "0.1000000000000000055511151231",
     '{"a":[1,2.50,{"b":null}],"u":"π\\n"}', "[]", "{}", '""', "true", "12345678901234567890123"],
)  # fmt: skip
def test_a_text_survives_reading_and_writing(text: str) -> None:
    assert exact_json.dumps(exact_json.loads(text)).lower() == text.lower()


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(values)
def test_any_value_is_written_as_json_that_reads_back_equal(value: Any) -> None:
    text = exact_json.dumps(value)
    json.loads(text)
    assert exact_json.loads(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_are_written_so_that_they_read_back_bit_for_bit(value: float) -> None:
    assert json.loads(exact_json.dumps(value)).hex() == value.hex()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_can_not_say_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        exact_json.dumps({"a": value})
