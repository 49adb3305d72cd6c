"""The changes of runs and agents, as server-sent events."""

import json
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any, NamedTuple

from .errors import NoAnswerError, ProblemError
from .http import is_problem, is_retriable, open_answer, query_text, retry_after_seconds

SILENCE_TIMEOUT_SECONDS = 40
"""The server sends at least a comment every 15 seconds. Without one for this time, the connection counts as lost."""

MIN_PAUSE_SECONDS = 1
MAX_PAUSE_SECONDS = 30

KNOWN_EVENTS = ("ready", "run", "agent", "reset")
"""`close` and types of later versions are not for the caller."""


class Event(NamedTuple):
    """A change, with the id after which another stream can continue."""

    id: str
    type: str
    data: dict[str, Any]


class _Unavailable(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


def stream_changes(url: str, query: dict[str, object], last_event_id: str | None) -> Iterator[Event]:
    """Reconnects after a lost connection: see `Runline.stream`."""
    # The pause doubles with each attempt that gets no event, or only `close`.
    pause: float = MIN_PAUSE_SECONDS
    while True:
        try:
            for event in _events_of(f"{url}/api/stream{query_text({**query, 'lastEventId': last_event_id})}"):
                last_event_id = event.id or last_event_id
                if event.type in KNOWN_EVENTS:
                    pause = MIN_PAUSE_SECONDS
                    yield event
        except _Unavailable as error:
            pause = error.seconds
        except (OSError, HTTPException):
            pass
        time.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE_SECONDS)


def _events_of(url: str) -> Iterator[Event]:
    """The events of one connection. It ends, or raises OSError, when the connection does."""
    request = urllib.request.Request(url, headers={"Accept": "text/event-stream"})
    with open_answer(request, SILENCE_TIMEOUT_SECONDS) as response:
        if is_retriable(response.status):
            raise _Unavailable(retry_after_seconds(response.headers))
        if response.status != 200:
            raise _refusal_of(url, response)
        members: dict[str, str] = {}
        for line in response:
            text = line.decode().rstrip("\r\n")
            if text == "" and members:
                # A heartbeat has an id alone.
                data = json.loads(members.get("data", "null"))
                yield Event(members.get("id", ""), members.get("event", "message") if data else "", data)
            if text == "":
                members = {}
                continue
            name, _, value = text.partition(":")
            members[name] = value.removeprefix(" ")


def _refusal_of(url: str, response: Any) -> Exception:
    is_json = response.headers.get_content_type() == "application/problem+json"
    body = json.load(response) if is_json else None
    if is_problem(body):
        return ProblemError(body)
    return NoAnswerError(f"GET {url}", f"the answer has status {response.status} and is no problem")
