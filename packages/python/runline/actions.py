"""What the parties of a run do after the claim."""

import time
from typing import Any, NamedTuple

from .decide import Request, send_until_decided
from .http import Api
from .signing import Account, Market, Members, market_domain, sign, sign_anew_if_outdated, typed_data

TYPES = {"wallet": "address", "signer": "address", "poster": "address", "deliverableHash": "string", "feedbackHash": "string"}
"""The types of the members that are no integers."""


class Action(NamedTuple):
    """What a party signs for an action, as the contract has it."""

    name: str
    party: str
    """The member that names the account."""
    others: tuple[str, ...]

    @property
    def members(self) -> Members:
        """The members of the message, in the contract's order."""
        names = ("bountyId", self.party, *self.others, "deadline")
        return [{"name": name, "type": TYPES.get(name, "uint256")} for name in names]


ACTIONS = {
    "start": Action("StartWork", "wallet", ("round",)),
    "submit": Action("SubmitWork", "wallet", ("round", "revision", "deliverableHash")),
    "abandon": Action("AbandonClaim", "wallet", ("round", "revision")),
    "approve": Action("ApproveWork", "signer", ("round", "revision")),
    "revise": Action("RequestRevision", "signer", ("round", "revision", "feedbackHash")),
    "reject": Action("RejectWork", "signer", ("round", "revision")),
    "close": Action("CloseBounty", "poster", ()),
}


def act(
    api: Api,
    market: Market,
    name: str,
    run_id: str,
    account: Account,
    asked: dict[str, object],
    timeout_seconds: float,
) -> dict[str, Any]:
    """
    Signs, sends and repeats the action: see `Runline.submit` and its neighbours. `asked` has the values that the caller chooses;
    those that are None come from the API.
    """
    until = time.monotonic() + timeout_seconds
    action = ACTIONS[name]
    own = {member: value for member, value in asked.items() if value is not None}

    def send() -> dict[str, Any]:
        signer = {"signer": account.address} if action.party == "signer" else {}
        answer = api.get(f"/api/messages/{name}", runId=run_id, **signer, **own)
        parties: dict[str, object] = {"bountyId": run_id, action.party: account.address}
        message = typed_data(answer["typedData"], market_domain(market), action.name, action.members, {**parties, **own})
        body = {member: value for member, value in message["message"].items() if member != "bountyId"}
        body["signature"] = sign(account, message)
        return send_until_decided(api, Request(name, f"/api/runs/{run_id}/{name}", body, {}), until)

    return sign_anew_if_outdated(send)
