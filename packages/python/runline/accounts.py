"""What an account that has USDC does: it posts runs, registers agents, stakes, and takes stake out."""

import secrets
import time
from typing import Any

from .decide import Request, send_until_decided
from .http import Api
from .keccak import keccak256
from .salts import end_of_salt
from .signing import Account, Contracts, Domain, Members, digest_of, integer_of, members_of, sign, typed_data, word

REWARD_PER_FEE = 20
"""The poster pays a fee of a twentieth of the reward."""

VALID_AFTER = 0

Typed = tuple[str, object]
"""A Solidity type, and a value of it."""

PAYMENT = members_of(
    "address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce"
)
"""USDC's authorization (EIP-3009). Its nonce is the hash of what the money is for."""

REGISTRATION = members_of("address owner, string agentURI, bytes32 salt, uint256 deadline")
WITHDRAWAL = members_of("uint256 agentId, address signer, uint256 amount, uint256 nonce, uint256 deadline")


class AccountActions:
    """Signs for one account, and sends: see `Runline.post` and its neighbours. `salt` is of `create_salt`, or None."""

    def __init__(
        self,
        api: Api,
        chain_id: int,
        contracts: Contracts,
        account: Account,
        timeout_seconds: float,
        salt: str | None = None,
    ) -> None:
        self._api = api
        self._chain_id = chain_id
        self._contracts = contracts
        self._account = account
        self._until = time.monotonic() + timeout_seconds
        self._salt = salt
        self._end = None if salt is None else end_of_salt(salt)

    def post(self, terms: dict[str, Typed]) -> Any:
        """Posts a run. `terms` are the members of the nonce, in the order of SignedFunding."""
        poster = self._account.address
        own = {"poster": poster, **{name: value for name, (_, value) in terms.items()}, **self._salted("validBefore")}
        answer = self._ask("post", own)
        reward = int(str(own["reward"]))
        purpose = [("address", poster), *terms.values()]
        body = self._pay(answer, "postBounty", purpose, reward + reward // REWARD_PER_FEE, own)
        return self._send("post", "/api/runs", *body)

    def stake(self, agent: dict[str, Any], amount: int) -> Any:
        """Stakes for an agent of the account, or of the owner of the agent that was read."""
        payer = self._account.address
        agent_id, owner = agent["id"], agent.get("ownerAddress", payer)
        own = {"from": payer, "amount": amount, **self._salted("validBefore")}
        answer = self._ask("stake", own, agentId=agent_id)
        purpose = [("address", payer), ("uint256", agent_id), ("address", owner), ("uint256", amount)]
        body = self._pay(answer, "stake", purpose, amount, {**own, "owner": owner})
        return self._send("stake", f"/api/agents/{agent_id}/stake", *body)

    def register(self, agent_uri: str) -> Any:
        """Registers an agent."""
        own: dict[str, object] = {"owner": self._account.address, "agentURI": agent_uri, **self._salted("deadline")}
        answer = self._ask("register", own)
        domain = Domain("Runline", "1", self._chain_id, self._contracts.agent_registry)
        message = self._typed_data(answer, domain, "Register", REGISTRATION, own)
        return self._send("registration", "/api/agents", message, message["message"])

    def unstake(self, agent: dict[str, Any], amount: int) -> Any:
        """Takes stake out. The contract refuses another nonce than that of the next withdrawal."""
        agent_id = agent["id"]
        own: dict[str, object] = {"agentId": agent_id, "signer": self._account.address, "amount": amount}
        answer = self._ask("unstake", own)
        if "nonce" in agent:
            own["nonce"] = agent["nonce"]
        domain = Domain("AgentStaking", "1", self._chain_id, self._contracts.agent_staking)
        message = self._typed_data(answer, domain, "Unstake", WITHDRAWAL, own)
        members = {name: value for name, value in message["message"].items() if name != "agentId"}
        return self._send("unstake", f"/api/agents/{agent_id}/unstake", message, members)

    def _salted(self, end: str) -> dict[str, object]:
        """The salt, and with one of the caller the end of the validity, which it names."""
        return {"salt": random_salt()} if self._salt is None else {"salt": self._salt, end: self._end}

    @property
    def _has_ended(self) -> bool:
        return self._end is not None and self._end <= time.time()

    def _ask(self, action: str, own: dict[str, object], **more: object) -> dict[str, Any]:
        """What the API asks to sign. It states no message that has ended, and answers one that was sent in time."""
        end = "deadline" if action == "register" else "validBefore"
        asked = {name: value for name, value in own.items() if not (self._has_ended and name == end)}
        answer: dict[str, Any] = self._api.get(f"/api/messages/{action}", **asked, **more)["typedData"]
        return answer

    def _typed_data(
        self, answer: dict[str, Any], domain: Domain, name: str, members: Members, own: dict[str, object]
    ) -> dict[str, Any]:
        stated = {**answer, "message": {**answer["message"], **own}} if self._has_ended else answer
        return typed_data(stated, domain, name, members, own)

    def _pay(
        self, answer: dict[str, Any], what: str, purpose: list[Typed], value: int, members: dict[str, object]
    ) -> tuple[dict[str, Any], dict[str, object]]:
        """
        The message and the members of the body of an action that USDC pays. Its authorization is computed from what the money is
        for.
        """
        valid_before = self._end or integer_of("validBefore", answer["message"].get("validBefore"))
        end: list[Typed] = [
            ("uint256", VALID_AFTER),
            ("uint256", valid_before),
            ("bytes32", members["salt"]),
        ]
        nonce = keccak256(encode([("bytes32", "0x" + keccak256(what.encode()).hex()), *purpose, *end]))
        own: dict[str, object] = {
            "from": self._account.address,
            "to": self._contracts.signed_funding,
            "value": value,
            "validAfter": VALID_AFTER,
            "validBefore": valid_before,
            "nonce": "0x" + nonce.hex(),
        }
        named = answer["domain"]
        # The name differs from chain to chain. With a wrong one, USDC refuses the signature.
        domain = Domain(named["name"], named["version"], self._chain_id, self._contracts.usdc)
        message = self._typed_data(answer, domain, "ReceiveWithAuthorization", PAYMENT, own)
        return message, {**members, "validBefore": valid_before}

    def _send(self, what: str, path: str, message: dict[str, Any], members: dict[str, object]) -> Any:
        body: dict[str, Any] = {name: str(value) for name, value in members.items()}
        body["signature"] = sign(self._account, message)
        # Not signed anew if the signature expires: another signature of a payment is another payment.
        return send_until_decided(self._api, Request(what, path, body, {}, digest_of(message)), self._until)


def random_salt() -> str:
    """By which the same terms are another action. The API says when it ends."""
    return "0x" + secrets.token_hex(32)


def encode(values: list[Typed]) -> bytes:
    """Solidity's `abi.encode` of integers, addresses, hashes and strings."""
    head = tail = b""
    for kind, value in values:
        if kind == "string":
            text = str(value).encode()
            head += word(32 * len(values) + len(tail))
            tail += word(len(text)) + text + bytes(-len(text) % 32)
        else:
            head += word(int(str(value), 0))
    return head + tail
