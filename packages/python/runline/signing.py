"""What an account signs: EIP-712 messages for contracts that the caller trusts."""

import time
from typing import Any, NamedTuple, Protocol

from .errors import UnexpectedMessageError
from .keccak import keccak256

MAX_VALIDITY_SECONDS = 3_600
"""How long a signature is valid at most. The contracts have no limit for most actions."""

Members = list[dict[str, str]]


def members_of(described: str) -> Members:
    """The members of an EIP-712 type, as Solidity declares them: `address owner, uint256 amount`."""
    pairs = (member.split(" ") for member in described.split(", "))
    return [{"name": name, "type": kind} for kind, name in pairs]


DOMAIN_TYPE = members_of("string name, string version, uint256 chainId, address verifyingContract")


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
    answer. Raises UnexpectedMessageError if the API's message differs in any of these, or is valid for more than an hour.
    """
    named, message = answer["domain"], answer["message"]
    own_domain = {
        "name": domain.name,
        "version": domain.version,
        "chainId": domain.chain_id,
        "verifyingContract": domain.contract,
    }
    for member in DOMAIN_TYPE:
        assert_same(member["name"], member["type"], own_domain[member["name"]], named.get(member["name"]))
    assert_same("primaryType", "string", name, answer["primaryType"])
    assert_same("type", "string", described(members), described(answer["types"].get(name, [])))
    values: dict[str, object] = {}
    for member in members:
        key, kind = member["name"], member["type"]
        got = message.get(key)
        if key in own:
            assert_same(key, kind, own[key], got)
        values[key] = integer_of(key, own.get(key, got)) if kind == "uint256" else own[key]
    end = "validBefore" if "validBefore" in values else "deadline"
    latest = int(time.time()) + MAX_VALIDITY_SECONDS
    if integer_of(end, values[end]) > latest:
        raise UnexpectedMessageError(end, f"at most {latest}", values[end])
    return {
        "types": {"EIP712Domain": DOMAIN_TYPE, name: members},
        "primaryType": name,
        "domain": own_domain,
        "message": values,
    }


def described(members: Members) -> str:
    """The members as Solidity declares them."""
    return ", ".join(f"{member['type']} {member['name']}" for member in members)


def integer_of(member: str, value: object) -> int:
    """The integer. Raises UnexpectedMessageError if the API's value is none."""
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise UnexpectedMessageError(member, "a number", text)
    return int(text)


def sign(account: Account, message: dict[str, Any]) -> str:
    """The account's signature of the message, as hexadecimal text."""
    return "0x" + bytes(account.sign_typed_data(full_message=message).signature).hex()


def digest_of(message: dict[str, Any]) -> str:
    """What the message hashes to (EIP-712): the id of the action or claim."""
    parts = (hash_struct(message, "EIP712Domain", "domain"), hash_struct(message, message["primaryType"], "message"))
    return "0x" + keccak256(b"\x19\x01" + b"".join(parts)).hex()


def hash_struct(message: dict[str, Any], name: str, key: str) -> bytes:
    """EIP-712's hashStruct, of members that are integers, addresses, hashes and texts."""
    members = message["types"][name]
    described = ",".join(f"{member['type']} {member['name']}" for member in members)
    hashed = keccak256(f"{name}({described})".encode())
    for member in members:
        value = str(message[key][member["name"]])
        hashed += keccak256(value.encode()) if member["type"] == "string" else word(int(value, 0))
    return keccak256(hashed)


def word(number: int) -> bytes:
    """The number in 32 bytes."""
    return number.to_bytes(32, "big")


def assert_same(member: str, kind: str, expected: object, got: object) -> None:
    """Raises UnexpectedMessageError if the API's value is another one."""
    # Addresses and hashes may differ in case; texts may not.
    texts = [str(value) if kind == "string" else str(value).lower() for value in (expected, got)]
    if texts[0] != texts[1]:
        raise UnexpectedMessageError(member, expected, got)
