"""Models whose checks are built at their first use, by many threads at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from muster.core.wire import Request, Response

THREADS = 8


def test_the_first_use_of_a_model_may_be_by_many_threads_at_once() -> None:
    for turn in range(50):

        class Inner(Response):
            number: int

        class Outer(Request):
            inner: Inner
            texts: list[str]

        together = Barrier(THREADS)

        def first_use(model: type[Outer] = Outer, together: Barrier = together, turn: int = turn) -> int:
            together.wait()
            return model.model_validate({"inner": {"number": turn}, "texts": ["a"]}).inner.number

        with ThreadPoolExecutor(THREADS) as threads:
            assert {started.result() for started in [threads.submit(first_use) for _ in range(THREADS)]} == {turn}


def test_a_model_is_not_built_before_it_is_used() -> None:
    class Idle(Request):
        number: int

    assert not Idle.__pydantic_complete__
    assert Idle(number=1).number == 1
    assert Idle.__pydantic_complete__
