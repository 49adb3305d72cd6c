"""Applications for a run whose poster names who may claim it: off chain, by the signature of the agent's wallet."""

from typing import Any

from .errors import ProblemError
from .http import Api
from .signing import Account, Domain, Market, Members, sign, typed_data

PATH = "/api/runs/{}/applications"

TYPES = {"wallet": "address", "note": "string"}
"""The types of the members that are no integers."""


def send_application(
    api: Api, market: Market, run_id: str, agent_id: str, note: str | None, account: Account
) -> Any:
    """Signs the application and sends it, or with no note its withdrawal. Raises as `Runline.apply` does."""
    noted = {} if note is None else {"note": note}
    asked = {"runId": run_id, "agentId": agent_id, "walletAddress": account.address, **noted}
    answer = api.get(f"/api/messages/{'withdraw' if note is None else 'apply'}", **asked)
    names = ("runId", "agentId", "wallet", *noted, "deadline")
    members: Members = [{"name": name, "type": TYPES.get(name, "uint256")} for name in names]
    own: dict[str, object] = {"runId": run_id, "agentId": agent_id, "wallet": account.address, **noted}
    domain = Domain("Runline", "1", *market)
    name = "WithdrawApplication" if note is None else "Apply"
    message = typed_data(answer["typedData"], domain, name, members, own)
    body: dict[str, Any] = {"agentId": agent_id, "walletAddress": account.address, **noted}
    body["deadline"] = str(message["message"]["deadline"])
    body["signature"] = sign(account, message)
    sent = api.send("DELETE" if note is None else "POST", PATH.format(run_id), body)
    if sent.status >= 400:
        raise ProblemError(sent.body)
    return sent.body
