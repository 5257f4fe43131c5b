"""What runs in a process that evaluates points for another one; see ``processes``.

A message is its length and a pickle, which goes from one process of a program to another and is
never written to a file. What the function itself prints goes to stderr.
"""

import os
import pickle
import struct
import sys
from typing import Any, BinaryIO

from fluvial.errors import described
from fluvial.evaluating.calling import called

__all__ = ["main", "receive", "send"]

_LENGTH = struct.Struct("<Q")


def send(stream: BinaryIO, message: Any) -> None:
    """Write a message."""
    data = pickle.dumps(message)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read a message.

    Raises:
        EOFError: if there is none.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def main() -> None:
    """Evaluate points until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.path[:] = receive(questions)
    try:
        function = pickle.loads(receive(questions))
    except Exception as error:
        send(answers, (False, described(error)))
        return
    send(answers, (True, None))
    while True:
        try:
            points = receive(questions)
        except EOFError:
            return
        try:
            send(answers, (True, called(function, points)))
        except Exception as error:
            send(answers, (False, described(error)))


if __name__ == "__main__":
    main()
