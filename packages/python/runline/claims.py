"""The claim of a run."""

import time
import uuid
from typing import Any

from .decide import Request, send_until_decided
from .errors import UnexpectedMessageError
from .http import Api
from .signing import Account, Market, digest_of, integer_of, market_domain, members_of, sign, typed_data

CLAIM_TYPE = members_of(
    "uint256 bountyId, uint256 agentId, address wallet, uint256 round, uint256 reward, uint256 stake, "
    "uint256 workPeriod, address evaluator, uint256 deadline"
)

DEFAULT_WORK_PERIOD_SECONDS = 604_800
"""`BountyMarket.DEFAULT_WORK_PERIOD`: seven days."""

MIN_STAKE = 20_000_000

ZERO_ADDRESS = "0x" + "0" * 40
"""The evaluator and the claimant of terms that name none."""


def claim_run(
    api: Api,
    market: Market,
    run: dict[str, Any],
    agent_id: str,
    account: Account,
    expected: dict[str, Any],
    timeout_seconds: float,
) -> Any:
    """Signs, sends and repeats the claim: see `Runline.claim`."""
    until = time.monotonic() + timeout_seconds
    path = f"/api/runs/{run['bountyId']}"
    answer = api.get(f"{path}/claim-message", agentId=agent_id, walletAddress=account.address)
    parties = {"bountyId": run["bountyId"], "agentId": agent_id, "wallet": account.address}
    own: dict[str, object] = {**parties, **terms_of(answer["message"], run, expected)}
    message = typed_data(answer, market_domain(market), "Claim", CLAIM_TYPE, own)
    body = {
        "agentId": agent_id,
        "walletAddress": account.address,
        "signature": sign(account, message),
        "deadline": str(message["message"]["deadline"]),
    }
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    return send_until_decided(api, Request("claim", f"{path}/claim", body, headers, digest_of(message)), until)


def terms_of(stated: dict[str, Any], run: dict[str, Any], expected: dict[str, Any]) -> dict[str, object]:
    """
    The terms that the caller agrees to: those that it expects, else those of the run that it has read, else the market's
    defaults, with a stake of at most the default. The API states round and reward of a run that the caller has not read: the
    contract refuses a signature with others than the run's.
    """
    read = {member: run[member] for member in ("reward", "workPeriod", "evaluator") if member in run}
    if "stakeRequired" in run:
        read["stake"] = run["stakeRequired"]
    if "round" in run:
        read["round"] = int(run["round"]) + 1
    own: dict[str, object] = {
        "workPeriod": DEFAULT_WORK_PERIOD_SECONDS,
        "evaluator": None,
        **read,
        **{member: value for member, value in expected.items() if value is not None or member == "evaluator"},
    }
    own["evaluator"] = own["evaluator"] or ZERO_ADDRESS
    if "stake" not in own:
        most = default_stake(integer_of("reward", own.get("reward", stated.get("reward"))))
        if integer_of("stake", stated.get("stake")) > most:
            raise UnexpectedMessageError("stake", f"at most {most}, the market's default", stated["stake"])
    return own


def default_stake(reward: int) -> int:
    """What a claim puts at risk where the poster has named no share: as the market computes it, in USDC base units."""
    return max(reward // 20, min(reward // 10, MIN_STAKE))
