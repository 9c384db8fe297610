"""When a returned task may run again."""

FIRST_DELAY_SECONDS = 1
LONGEST_DELAY_SECONDS = 60


def delay_ms(attempts: int) -> int:
    """Milliseconds to wait after the given number of runs: 1 s, 2 s, 4 s … 60 s. None after a run that never began."""
    if attempts < 1:
        return 0
    return 1000 * min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS << min(attempts - 1, 10))
