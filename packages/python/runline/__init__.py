"""A client of the Runline API: read runs, post and claim them, deliver, review, get paid."""

from .amounts import format_usdc, usdc
from .client import Runline
from .errors import NoAnswerError, ProblemError, UndecidedError, UnexpectedContentError, UnexpectedMessageError
from .salts import create_salt
from .signing import Account, Contracts, Market
from .stream import Event

__all__ = [
    "Account",
    "Contracts",
    "Event",
    "Market",
    "NoAnswerError",
    "ProblemError",
    "Runline",
    "UndecidedError",
    "UnexpectedContentError",
    "UnexpectedMessageError",
    "create_salt",
    "format_usdc",
    "usdc",
]
