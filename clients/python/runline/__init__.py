"""A client of the Runline API: read runs, follow their changes, claim them, deliver, review."""

from .client import Runline
from .errors import NoAnswerError, ProblemError, UndecidedError, UnexpectedMessageError
from .signing import Account, Market
from .stream import Event

__all__ = [
    "Account",
    "Event",
    "Market",
    "NoAnswerError",
    "ProblemError",
    "Runline",
    "UndecidedError",
    "UnexpectedMessageError",
]
