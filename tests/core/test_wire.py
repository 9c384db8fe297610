"""Models whose checks are built at their first use, by many threads at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from pydantic_core import CoreSchema, core_schema

from muster.core.wire import Request

THREADS = 8


class Slow:
    """A type whose checks take long to build, so that all threads come meanwhile."""

    built = 0

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> CoreSchema:
        cls.built += 1
        time.sleep(0.2)
        return core_schema.int_schema()


def test_a_model_that_many_threads_use_first_is_built_by_one_of_them() -> None:
    class Shared(Request):
        number: Slow

    together = Barrier(THREADS)

    def first_use() -> object:
        together.wait()
        return Shared.model_validate({"number": 7}).number

    with ThreadPoolExecutor(THREADS) as threads:
        assert {started.result() for started in [threads.submit(first_use) for _ in range(THREADS)]} == {7}
    assert Slow.built == 1


def test_a_model_is_not_built_before_it_is_used() -> None:
    class Idle(Request):
        number: int

    assert not Idle.__pydantic_complete__
    assert Idle(number=1).number == 1
    assert Idle.__pydantic_complete__
