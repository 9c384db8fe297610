"""Retry delays start at a second and double to a minute."""

from muster.core import retry


def test_delays_start_at_one_second_and_double_to_sixty() -> None:
    assert [retry.delay_ms(attempts) // 1000 for attempts in range(1, 10)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_run_that_never_began_costs_no_delay() -> None:
    assert retry.delay_ms(0) == 0


def test_a_hundred_attempts_are_no_trouble() -> None:
    assert retry.delay_ms(100) == 60_000
