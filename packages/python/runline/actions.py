"""What the parties of a run do after the claim."""

import time
from typing import Any, NamedTuple

from .decide import Request, send_until_decided
from .http import Api
from .signing import Account, Market, Members, digest_of, market_domain, sign, typed_data

TYPES = {"wallet": "address", "signer": "address", "poster": "address", "deliverableHash": "string", "feedbackHash": "string", "claimant": "address"}
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
    "name-claimant": Action("NameClaimant", "poster", ("naming", "claimant")),
}


def act(
    api: Api,
    market: Market,
    name: str,
    run: dict[str, Any],
    account: Account,
    asked: dict[str, object],
    timeout_seconds: float,
) -> Any:
    """
    Signs, sends and repeats the action: see `Runline.submit` and its neighbours. `asked` has the values that the caller chooses.
    Those that are None are of the run that it has read, else of the API: the contract refuses others than the run's.
    """
    until = time.monotonic() + timeout_seconds
    action = ACTIONS[name]
    run_id = run["bountyId"]
    chosen = {member: value for member, value in asked.items() if value is not None}
    answer = api.get(f"/api/messages/{name}", runId=run_id, signer=account.address, **chosen)
    own = {"bountyId": run_id, action.party: account.address, **facts_of(action, run), **chosen}
    message = typed_data(answer["typedData"], market_domain(market), action.name, action.members, own)
    body = {member: value for member, value in message["message"].items() if member != "bountyId"}
    body["signature"] = sign(account, message)
    return send_until_decided(api, Request(name, f"/api/runs/{run_id}/{name}", body, {}, digest_of(message)), until)


def facts_of(action: Action, run: dict[str, Any]) -> dict[str, object]:
    """Round and revision of the run, as far as the caller has read them. A review is of the last delivery."""
    facts = {"round": run.get("round"), "revision": run.get("revisions")}
    if action.party == "signer" and run.get("state") == "REVISION_REQUESTED" and facts["revision"] is not None:
        facts["revision"] -= 1
    return {member: value for member, value in facts.items() if member in action.others and value is not None}
