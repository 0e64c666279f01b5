# SPDX-License-Identifier: Apache-2.0
"""Waiting for a condition with a deadline; nothing here sleeps in place of one."""
import time

POLL_S = 0.02
# A machine that is busy for some seconds is no fault of the server. Less than the shortest of the
# server's own timeouts, 10 s, so that none of them comes in place of what is waited for.
LEAST_S = 9


class TooLate(AssertionError):
    pass


def until(condition, seconds, what):
    """Polls until condition() is true and returns its value. `what` ends the sentence
    "waited ... s for" and may be a function, asked only on failure."""
    seconds = max(seconds, LEAST_S)
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise TooLate(f'waited {seconds} s for {text}')
        time.sleep(POLL_S)


def holds(condition, seconds, what):
    """The opposite: condition() must stay true for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            raise AssertionError(f'did not hold for {seconds} s: {what() if callable(what) else what}')
        time.sleep(POLL_S)
