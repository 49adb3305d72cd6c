"""A client of the Runline API: read runs, follow their changes, claim them."""

from .claims import Account, Market
from .client import Runline
from .errors import NoAnswerError, ProblemError, UndecidedClaimError, UnexpectedMessageError
from .stream import Event

__all__ = [
    "Account",
    "Event",
    "Market",
    "NoAnswerError",
    "ProblemError",
    "Runline",
    "UndecidedClaimError",
    "UnexpectedMessageError",
]
