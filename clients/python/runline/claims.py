"""A claim: the message that the agent's wallet signs, and its repetition until the chain has decided it."""

import time
import uuid
from typing import Any, NamedTuple, Protocol

from .errors import NoAnswerError, ProblemError, UndecidedClaimError, UnexpectedMessageError
from .http import Api, Answer

MAX_SIGNATURES = 3
"""How many messages are signed for one claim: another agent's claim of the run ends the round of the first."""

DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]

CLAIM_TYPE = [
    {"name": "bountyId", "type": "uint256"},
    {"name": "agentId", "type": "uint256"},
    {"name": "wallet", "type": "address"},
    {"name": "round", "type": "uint256"},
    {"name": "reward", "type": "uint256"},
    {"name": "stake", "type": "uint256"},
    {"name": "workPeriod", "type": "uint256"},
    {"name": "evaluator", "type": "address"},
    {"name": "deadline", "type": "uint256"},
]


class Market(NamedTuple):
    """The BountyMarket contract that the caller trusts. Nothing is signed for another one."""

    chain_id: int
    address: str


class Account(Protocol):
    """Signs with the agent's wallet: an account of eth-account, or any object with these two members."""

    address: str

    def sign_typed_data(self, *, full_message: dict[str, Any]) -> Any:
        """Returns an object whose `signature` has the bytes."""


class Pending(NamedTuple):
    """Where a claim is after an answer that does not decide it."""

    state: str
    seconds: float
    claim_id: str | None = None
    is_stored: bool = False


def claim_run(
    api: Api, market: Market, run_id: str, agent_id: str, account: Account, timeout_seconds: float
) -> dict[str, Any]:
    """Signs, sends and repeats the claim: see `Runline.claim`."""
    until = time.monotonic() + timeout_seconds
    for count in range(1, MAX_SIGNATURES + 1):
        try:
            return _decide(api, market, run_id, agent_id, account, until)
        except ProblemError as error:
            is_outdated = error.code in ("INVALID_SIGNATURE", "SIGNATURE_EXPIRED")
            if not is_outdated or count == MAX_SIGNATURES:
                raise
    raise AssertionError("unreachable")


def typed_data(answer: dict[str, Any], market: Market, run_id: str, agent_id: str, wallet: str) -> dict[str, Any]:
    """
    The EIP-712 message of the claim. Its domain, types, run, agent and wallet come from the caller; the round, the terms and
    the deadline from the API. The contract refuses a signature of other terms than the run's.
    Raises UnexpectedMessageError if the API's message is of another market, chain, run, agent or wallet.
    """
    domain, message = answer["domain"], answer["message"]
    _assert_same("chainId", market.chain_id, domain["chainId"])
    _assert_same("verifyingContract", market.address, domain["verifyingContract"])
    _assert_same("bountyId", run_id, message["bountyId"])
    _assert_same("agentId", agent_id, message["agentId"])
    _assert_same("wallet", wallet, message["wallet"])
    return {
        "types": {"EIP712Domain": DOMAIN_TYPE, "Claim": CLAIM_TYPE},
        "primaryType": "Claim",
        "domain": {
            "name": "BountyMarket",
            "version": "1",
            "chainId": market.chain_id,
            "verifyingContract": market.address,
        },
        "message": {
            "bountyId": int(run_id),
            "agentId": int(agent_id),
            "wallet": wallet,
            "round": int(message["round"]),
            "reward": int(message["reward"]),
            "stake": int(message["stake"]),
            "workPeriod": int(message["workPeriod"]),
            "evaluator": message["evaluator"],
            "deadline": int(message["deadline"]),
        },
    }


def _assert_same(member: str, expected: object, got: object) -> None:
    # Addresses may differ in case.
    if str(expected).lower() != str(got).lower():
        raise UnexpectedMessageError(member, expected, got)


def _decide(
    api: Api, market: Market, run_id: str, agent_id: str, account: Account, until: float
) -> dict[str, Any]:
    """Signs once, and repeats the claim with the same body and `Idempotency-Key`, so that it is the same claim."""
    path = f"/api/runs/{run_id}"
    answer = api.get(f"{path}/claim-message", agentId=agent_id, walletAddress=account.address)
    message = typed_data(answer, market, run_id, agent_id, account.address)
    signature = bytes(account.sign_typed_data(full_message=message).signature)
    body = {
        "agentId": agent_id,
        "walletAddress": account.address,
        "signature": "0x" + signature.hex(),
        "deadline": str(message["message"]["deadline"]),
    }
    # Another signature is another body, which needs another key.
    key = str(uuid.uuid4())
    while True:
        result = _post(api, f"{path}/claim", body, key)
        if not isinstance(result, Pending):
            return result
        _pause(result, until)
        while (result := _still_pending(api, result)).is_stored:
            _pause(result, until)


def _pause(pending: Pending, until: float) -> None:
    """Waits as long as the answer says. Raises UndecidedClaimError if that is after the timeout."""
    if time.monotonic() + pending.seconds > until:
        raise UndecidedClaimError(pending.state, pending.claim_id)
    time.sleep(pending.seconds)


def _post(api: Api, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | Pending:
    """Sends the claim once. Raises ProblemError if it is refused."""
    try:
        answer = api.send("POST", path, body, {"Idempotency-Key": key})
    except NoAnswerError as error:
        return Pending(str(error), 1)
    if answer.status < 400:
        return answer.body if answer.body.get("success") is True else _pending_of(answer)
    if not answer.is_retriable:
        raise ProblemError(answer.body)
    return Pending(answer.body["code"], answer.retry_after_seconds)


def _pending_of(answer: Answer) -> Pending:
    is_stored = "Location" in answer.headers
    return Pending(answer.body["status"], answer.retry_after_seconds, answer.body.get("claimId"), is_stored)


def _still_pending(api: Api, pending: Pending) -> Pending:
    """The claim's state, without `is_stored` once the chain has decided it: the next answer to the claim says how."""
    if not pending.is_stored or pending.claim_id is None:
        return pending._replace(is_stored=False)
    state = api.get(f"/api/claims/{pending.claim_id}")["state"]
    return pending._replace(state=state, is_stored=state in ("signed", "accepted"))
