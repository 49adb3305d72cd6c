"""Briefs, deliveries and feedback: what runs name by the hash of its bytes."""

import base64
import hashlib
import json
import re
from typing import Any

from .errors import UnexpectedContentError
from .http import Api

Content = str | dict[str, Any] | list[Any]
"""A text is stored as Markdown, and JSON, a dictionary or a list as JSON."""

CID_PREFIX = bytes.fromhex("01551220")
"""Before the hash in a CID: version 1, codec raw, sha2-256, 32 bytes."""


def content_uri(data: bytes) -> str:
    """The URI of the bytes as the API stores them, computed here because the API may lie. Its CID is in base32."""
    cid = CID_PREFIX + hashlib.sha256(data).digest()
    return "ipfs://b" + base64.b32encode(cid).decode().lower().rstrip("=")


def read_content(api: Api, uri: str) -> str:
    """The text that the API stores by the URI: see `Runline.content`."""
    if not re.fullmatch(r"ipfs://\w+", uri):
        raise ValueError(f"{uri!r} is no ipfs:// URI, and the client reads nothing from elsewhere")
    text: str = api.get(uri.replace("ipfs://", "/ipfs/"))
    stored = content_uri(text.encode())
    if stored != uri:
        raise UnexpectedContentError(uri, stored)
    return text


def store(api: Api, content: Content) -> dict[str, Any]:
    """The API's answer to the content that it stores: see `Runline.store`."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    answer: dict[str, Any] = api.post_content(text.encode(), "application/json" if is_json(text) else "text/markdown")
    expected = content_uri(text.encode())
    if answer["uri"] != expected:
        raise UnexpectedContentError(expected, answer["uri"])
    return answer


def is_json(text: str) -> bool:
    """Whether the text is an object or a list in JSON."""
    try:
        return isinstance(json.loads(text), (dict, list))
    except ValueError:
        return False


def named(api: Api, uri: str | None, content: Content | None, is_unchecked: bool) -> str:
    """The URI to sign, of the content if that is given. Raises ValueError unless it is a URI."""
    if (uri is None) == (content is None):
        raise ValueError("give a URI or content, and not both")
    if content is not None:
        return str(store(api, content)["uri"])
    if is_unchecked or re.fullmatch(r"[a-z][a-z\d+.-]*:\S+", str(uri), re.IGNORECASE):
        return str(uri)
    raise ValueError(
        f"{uri!r} is no URI, such as ipfs://… or https://…: the other party could not read it. Nothing was signed. "
        "Give content=… to have it stored, or is_unchecked=True."
    )
