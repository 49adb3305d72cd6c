"""What an account signs: EIP-712 messages for contracts that the caller trusts."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

from .errors import ProblemError, UnexpectedMessageError

MAX_VALIDITY_SECONDS = 3_600
"""How long a signature is valid at most. The contracts have no limit for most actions."""

MAX_SIGNATURES = 3
"""How many messages are signed for one request: another claim of the run ends the round of the first."""

Members = list[dict[str, str]]

DOMAIN_TYPE: Members = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]

Result = TypeVar("Result")


class Market(NamedTuple):
    """The BountyMarket contract that the caller trusts. Claims and actions are signed for no other one."""

    chain_id: int
    address: str


class Contracts(NamedTuple):
    """The other contracts that the caller trusts with its USDC, its stake and its agents, on the market's chain."""

    usdc: str
    signed_funding: str
    """Takes the payments of posts and stakes, each only for what it is for."""
    agent_staking: str
    agent_registry: str


class Account(Protocol):
    """Signs: an account of eth-account, or any object with these two members."""

    address: str

    def sign_typed_data(self, *, full_message: dict[str, Any]) -> Any:
        """Returns an object whose `signature` has the bytes."""


class Domain(NamedTuple):
    """The contract that checks the signature."""

    name: str
    version: str
    chain_id: int
    contract: str


def market_domain(market: Market) -> Domain:
    """The domain of claims and of actions about runs."""
    return Domain("BountyMarket", "1", *market)


def typed_data(
    answer: dict[str, Any], domain: Domain, name: str, members: Members, own: dict[str, object]
) -> dict[str, Any]:
    """
    The EIP-712 message to sign. Its domain, its types and the values `own` come from the caller, the others from the API's
    answer. Raises UnexpectedMessageError if the API's message is of another contract or chain, has other values than `own`, or is
    valid for more than an hour.
    """
    named, message = answer["domain"], answer["message"]
    _assert_same("chainId", "uint256", domain.chain_id, named["chainId"])
    _assert_same("verifyingContract", "address", domain.contract, named["verifyingContract"])
    types = {member["name"]: member["type"] for member in members}
    for member, value in own.items():
        _assert_same(member, types[member], value, message[member])
    end = "validBefore" if "validBefore" in types else "deadline"
    latest = int(time.time()) + MAX_VALIDITY_SECONDS
    if int(message[end]) > latest:
        raise UnexpectedMessageError(end, f"at most {latest}", message[end])
    values = {name: own.get(name, message[name]) for name in types}
    return {
        "types": {"EIP712Domain": DOMAIN_TYPE, name: members},
        "primaryType": name,
        "domain": {
            "name": domain.name,
            "version": domain.version,
            "chainId": domain.chain_id,
            "verifyingContract": domain.contract,
        },
        "message": {key: int(str(value)) if types[key] == "uint256" else value for key, value in values.items()},
    }


def sign(account: Account, message: dict[str, Any]) -> str:
    """The account's signature of the message, as hexadecimal text."""
    return "0x" + bytes(account.sign_typed_data(full_message=message).signature).hex()


def sign_anew_if_outdated(send: Callable[[], Result]) -> Result:
    """Signs and sends, and does so again while the signature is of an earlier round, or has expired."""
    for count in range(1, MAX_SIGNATURES + 1):
        try:
            return send()
        except ProblemError as error:
            is_outdated = error.code in ("INVALID_SIGNATURE", "SIGNATURE_EXPIRED")
            if not is_outdated or count == MAX_SIGNATURES:
                raise
    raise AssertionError("unreachable")


def _assert_same(member: str, kind: str, expected: object, got: object) -> None:
    # Addresses and hashes may differ in case; texts may not.
    texts = [str(value) if kind == "string" else str(value).lower() for value in (expected, got)]
    if texts[0] != texts[1]:
        raise UnexpectedMessageError(member, expected, got)
