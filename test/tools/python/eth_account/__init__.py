"""
What the README's example uses of eth-account, which Debian does not package: the same signatures, from Debian's python3-ecdsa
and python3-pycryptodome.
"""

from typing import Any, NamedTuple

from Cryptodome.Hash import keccak as keccak_hash
from ecdsa import SECP256k1, SigningKey, VerifyingKey
from ecdsa.util import sigdecode_string, sigencode_string_canonize


class SignedMessage(NamedTuple):
    signature: bytes


class Account:
    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self.address = "0x" + keccak(key.verifying_key.to_string())[-20:].hex()

    @staticmethod
    def from_key(key: str) -> "Account":
        return Account(SigningKey.from_string(bytes.fromhex(key.removeprefix("0x")), curve=SECP256k1))

    def sign_typed_data(self, *, full_message: dict[str, Any]) -> SignedMessage:
        types, domain = full_message["types"], full_message["domain"]
        message = hash_struct(types, full_message["primaryType"], full_message["message"])
        digest = keccak(b"\x19\x01" + hash_struct(types, "EIP712Domain", domain) + message)
        signature = self._key.sign_digest_deterministic(digest, sigencode=sigencode_string_canonize)
        public = self._key.verifying_key.to_string()
        candidates = VerifyingKey.from_public_key_recovery_with_digest(
            signature, digest, SECP256k1, sigdecode=sigdecode_string
        )
        recovery = [candidate.to_string() for candidate in candidates].index(public)
        return SignedMessage(signature + bytes([27 + recovery]))


def keccak(data: bytes) -> bytes:
    return keccak_hash.new(digest_bits=256, data=data).digest()


def hash_struct(types: dict[str, list[dict[str, str]]], name: str, value: dict[str, Any]) -> bytes:
    """EIP-712's hashStruct, of members that are no structs and no arrays."""
    members = types[name]
    described = ",".join(f"{member['type']} {member['name']}" for member in members)
    encoded = [encode(member["type"], value[member["name"]]) for member in members]
    return keccak(keccak(f"{name}({described})".encode()) + b"".join(encoded))


def encode(kind: str, value: Any) -> bytes:
    if kind == "string":
        return keccak(value.encode())
    if kind == "address":
        return bytes.fromhex(value.removeprefix("0x")).rjust(32, b"\0")
    if kind == "bytes32":
        return bytes.fromhex(value.removeprefix("0x"))
    return int(value).to_bytes(32, "big")
