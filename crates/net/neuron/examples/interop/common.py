"""What the scripts of this folder have in common: keys, output and cases. The cases stand in Rust's table."""

import json
import os
import sys

# The keys are those of `messages.rs`.
AXON, CALLER, UNWANTED, OTHER = 1, 2, 3, 4


def seed(number: int) -> bytes:
    return bytes([number]) * 32


class Output:
    """Standard output for our lines alone: made before a library is imported, it sends theirs to the log."""

    def __init__(self):
        self.lines = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        # The libraries read the command line too.
        self.arguments, sys.argv = sys.argv[1:], sys.argv[:1]

    def say(self, line: dict):
        print(json.dumps(line), file=self.lines, flush=True)

    def equal(self, case: str, got, expected):
        fault = None if got == expected else f"{expected!r} was expected and {got!r} came"
        self.say({"case": case, "fault": fault})

    def fits(self, case: str, got: tuple, status, said: str):
        """Whether a pair of status and text has this status and a text that contains this."""
        fits = got[0] == status and said in str(got[1])
        self.say({"case": case, "fault": None if fits else f"{(status, said)!r} was expected and {got!r} came"})
