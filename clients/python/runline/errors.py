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


class UndecidedClaimError(Exception):
    """The claim is not decided at the timeout, and may still be won. Claim the run again to wait for it."""

    def __init__(self, state: str, claim_id: str | None) -> None:
        super().__init__(f"The claim is undecided: {state}. It may still be won. Claim the run again to wait for it.")
        self.claim_id = claim_id


class UnexpectedMessageError(Exception):
    """The API asked for the signature of another message than the claim. Nothing was signed."""

    def __init__(self, member: str, expected: object, got: object) -> None:
        super().__init__(f"The message to sign has {member} {got}, not {expected}. Nothing was signed.")
