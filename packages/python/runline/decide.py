"""Sends what is signed until the chain has decided it."""

import time
from typing import Any, NamedTuple

from .errors import NoAnswerError, ProblemError, UndecidedError
from .http import Answer, Api


class Request(NamedTuple):
    """What is sent, again and again, as it is: so it is the same for the API, which makes it once."""

    what: str
    """For messages: `claim`, `submit`."""
    path: str
    body: dict[str, Any] | None
    headers: dict[str, str]
    action_id: str | None = None
    """The id of the action or claim; None of a call for anyone, whose id the API names."""


class Pending(NamedTuple):
    """Where a request is after an answer that does not decide it."""

    state: str
    seconds: float
    action_id: str | None = None
    """The id of the action, if it is stored."""


def send_until_decided(api: Api, request: Request, until: float) -> Any:
    """
    Sends the request until it is decided. `until` is of `time.monotonic()`.
    Raises ProblemError with the refusal, UndecidedError at the timeout.
    """
    while True:
        result = _post(api, request)
        if not isinstance(result, Pending):
            return result
        if time.monotonic() + result.seconds > until:
            raise UndecidedError(request.what, result.state, request.action_id or result.action_id)
        time.sleep(result.seconds)


def _post(api: Api, request: Request) -> dict[str, Any] | Pending:
    """Sends it once. Raises ProblemError if it is refused."""
    try:
        answer = api.send("POST", request.path, request.body, request.headers)
    except NoAnswerError as error:
        return Pending(str(error), 1)
    if answer.status < 400:
        return answer.body if answer.body.get("success") is True else _pending_of(answer)
    if not answer.is_retriable:
        raise ProblemError(answer.body)
    return Pending(str(ProblemError(answer.body)), answer.retry_after_seconds)


def _pending_of(answer: Answer) -> Pending:
    return Pending(f"it is {answer.body['status']}.", answer.retry_after_seconds, answer.body.get("actionId"))
