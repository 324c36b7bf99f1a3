"""Many that do the same thing at the same moment."""

import threading
from collections.abc import Callable


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Run `work(0)` … `work(count - 1)` at once; return what each returned or raised."""
    barrier = threading.Barrier(count)
    outcomes: list[object] = [None] * count

    def one(number: int) -> None:
        barrier.wait()
        try:
            outcomes[number] = work(number)
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def failures(outcomes: list[object], *expected: type[Exception]) -> list[object]:
    """Return the exceptions that nobody expects."""
    return [
        each for each in outcomes if isinstance(each, Exception) and not isinstance(each, expected)
    ]
