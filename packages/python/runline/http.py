"""Requests to the API. A read is repeated until it is answered, or the timeout has passed."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import Any, NamedTuple

from .errors import NoAnswerError, ProblemError

REQUEST_TIMEOUT_SECONDS = 30
"""After this time without a complete answer, a request counts as lost. A claim waits 15 seconds for its block."""

CHUNK_BYTES = 65_536

MOST_QUOTED = 200
"""The most characters of another server's answer in an error."""

TEXTS = ("text/markdown", "text/plain")
"""The media types of what is stored, besides JSON."""


class Answer(NamedTuple):
    """A complete answer of the API."""

    status: int
    headers: Any
    body: Any
    """Its JSON, or the text of what is stored."""

    @property
    def is_retriable(self) -> bool:
        """Whether the same request may succeed later."""
        # An API that does not relay an action says so without Retry-After.
        is_final = self.body.get("code") == "RELAY_UNAVAILABLE" and "Retry-After" not in self.headers
        return is_retriable(self.status) and not is_final

    @property
    def retry_after_seconds(self) -> float:
        """Seconds until the same request may succeed."""
        return retry_after_seconds(self.headers)


def is_problem(body: Any) -> bool:
    """Whether the JSON is a refusal of the API: a gateway answers with JSON of its own."""
    return isinstance(body, dict) and isinstance(body.get("code"), str)


def is_retriable(status: int) -> bool:
    """Whether a request with this answer may succeed later."""
    return status == 429 or status >= 500


def retry_after_seconds(headers: Any) -> float:
    """Seconds until the same request may succeed: 1 if the answer does not say."""
    try:
        return float(headers.get("Retry-After", 1)) or 1
    except ValueError:
        return 1


def query_text(query: dict[str, object]) -> str:
    """The query as part of a URL. Booleans are `true` and `false`; members that are None are left out."""
    members = {name: value for name, value in query.items() if value is not None}
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in members.items()}
    return "?" + urllib.parse.urlencode(texts) if texts else ""


class Api:
    """The routes of the API."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"url must start with http:// or https://, got {url!r}")
        self.url = url.rstrip("/")
        self.timeout_seconds = timeout_seconds

    def get(self, path: str, **query: object) -> Any:
        """
        Reads, and repeats that after 429, 5xx and lost answers.
        Raises ProblemError with the refusal, NoAnswerError if no answer arrived in time.
        """
        return self._repeat("GET", path + query_text(query))

    def post_content(self, data: bytes, media_type: str) -> Any:
        """Stores the bytes, which is safe to repeat. Raises as `get` does."""
        return self._repeat("POST", "/api/content", data, {"Content-Type": media_type})

    def _repeat(self, method: str, target: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        until = time.monotonic() + self.timeout_seconds
        while True:
            answer: Answer | None = None
            failure: Exception
            try:
                answer = self.send(method, target, data, headers)
                failure = ProblemError(answer.body) if answer.status >= 400 else AssertionError()
            except NoAnswerError as error:
                failure = error
            if answer is not None and answer.status < 400:
                return answer.body
            seconds = answer.retry_after_seconds if answer is not None else 1
            is_refused = answer is not None and not answer.is_retriable
            if is_refused or time.monotonic() + seconds > until:
                raise failure
            time.sleep(seconds)

    def send(
        self,
        method: str,
        target: str,
        body: dict[str, Any] | bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Sends the request once. Raises NoAnswerError if no complete answer of the API arrives."""
        name = f"{method} {self.url}{target}"
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        sent = {"Accept": "*/*", **({} if data is None else {"Content-Type": "application/json"}), **(headers or {})}
        request = urllib.request.Request(self.url + target, data, sent, method=method)
        until = time.monotonic() + REQUEST_TIMEOUT_SECONDS
        try:
            with open_answer(request, REQUEST_TIMEOUT_SECONDS) as response:
                kind = response.headers.get_content_type()
                is_stored = target.startswith("/ipfs/") and response.status == 200
                if kind not in ("application/json", "application/problem+json", *(TEXTS if is_stored else ())):
                    raise NoAnswerError(name, f"the answer has status {response.status} and is no JSON")
                text = read_until(response, until).decode()
                body = text if is_stored else json.loads(text)
                if response.status >= 400 and not is_problem(body):
                    reason = f"the answer has status {response.status} and no code: {text[:MOST_QUOTED]}"
                    raise NoAnswerError(name, reason)
                return Answer(response.status, response.headers, body)
        except (OSError, HTTPException, ValueError) as error:
            raise NoAnswerError(name, error) from error


def open_answer(request: urllib.request.Request, timeout_seconds: float) -> Any:
    """Sends the request. An answer with an error's status is an answer too. Raises OSError or HTTPException if none comes."""
    try:
        return urllib.request.urlopen(request, timeout=timeout_seconds)
    except urllib.error.HTTPError as answer:
        return answer


def read_until(response: Any, until: float) -> bytes:
    """The whole body. Raises TimeoutError if it is not complete then: a socket's timeout counts from each byte."""
    chunks = []
    while chunk := response.read1(CHUNK_BYTES):
        if time.monotonic() > until:
            raise TimeoutError("the answer takes too long")
        chunks.append(chunk)
    return b"".join(chunks)
