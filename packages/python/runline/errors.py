"""What can go wrong with a request."""

from typing import Any


class ProblemError(Exception):
    """The API refused the request. `code` says why; `problem` has all members of the answer."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.problem = problem
        self.code: str = problem["code"]


class NoAnswerError(Exception):
    """No complete answer of the API arrived. A proxy may have answered."""

    def __init__(self, request: str, reason: object) -> None:
        super().__init__(f"{request} got no answer of the API: {reason}.")


class UndecidedError(Exception):
    """
    A claim or an action is not decided at the timeout, and may still be made. `action_id` is that of the action or claim, for
    `Runline.wait`; None only of a call for anyone that the API has not answered.
    """

    def __init__(self, what: str, state: str, action_id: str | None) -> None:
        advice = f'Wait with wait("{action_id}").' if action_id else "Call again to wait: it is made once."
        super().__init__(f"The {what} is undecided: {state} It may still be made. {advice}")
        self.action_id = action_id


class UnexpectedContentError(Exception):
    """The API has other content by a URI than its hash says, or names another URI for a content. Nothing was signed."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"The API answers {got} for content whose URI is {expected}. Nothing was signed.")


class UnexpectedMessageError(Exception):
    """The API asked for the signature of another message than the caller's. Nothing was signed."""

    def __init__(self, member: str, expected: object, got: object) -> None:
        super().__init__(f"The message to sign has {member} {got}, not {expected}. Nothing was signed.")
