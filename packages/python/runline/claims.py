"""The claim of a run."""

import time
import uuid
from typing import Any

from .decide import Request, send_until_decided
from .http import Api
from .signing import Account, Market, Members, market_domain, sign, sign_anew_if_outdated, typed_data

CLAIM_TYPE: Members = [
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


def claim_run(
    api: Api, market: Market, run_id: str, agent_id: str, account: Account, timeout_seconds: float
) -> dict[str, Any]:
    """Signs, sends and repeats the claim: see `Runline.claim`."""
    until = time.monotonic() + timeout_seconds
    path = f"/api/runs/{run_id}"

    def send() -> dict[str, Any]:
        answer = api.get(f"{path}/claim-message", agentId=agent_id, walletAddress=account.address)
        # The contract refuses a signature of other terms than the run's.
        own: dict[str, object] = {"bountyId": run_id, "agentId": agent_id, "wallet": account.address}
        message = typed_data(answer, market_domain(market), "Claim", CLAIM_TYPE, own)
        body = {
            "agentId": agent_id,
            "walletAddress": account.address,
            "signature": sign(account, message),
            "deadline": str(message["message"]["deadline"]),
        }
        # Another signature is another body, which needs another key.
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return send_until_decided(api, Request("claim", f"{path}/claim", body, headers), until)

    return sign_anew_if_outdated(send)
