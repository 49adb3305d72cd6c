"""The client of one market."""

from collections.abc import Iterator
from typing import Any

from .actions import act
from .claims import claim_run
from .http import Api
from .signing import Account, Market
from .stream import Event, stream_changes

Id = int | str


class Runline:
    """
    Reads and claims through the API. Answers are the API's JSON as dictionaries: `/docs` describes them. Ids may be numbers or
    text; amounts are decimal text in USDC base units, except the filter `minReward`: whole USDC.
    """

    def __init__(self, url: str, *, market: Market | None = None, timeout_seconds: float = 30) -> None:
        """
        `url` is the API's origin. `market` is needed to claim: take its address from a source that you trust. A read is
        repeated for `timeout_seconds` after 429, 5xx and lost answers.
        """
        self._api = Api(url, timeout_seconds)
        self._market = market

    def runs(self, **query: object) -> Iterator[dict[str, Any]]:
        """All runs that match, page after page: `runs(claimable=True, minReward=100, sort="reward")`."""
        cursor: str | None = None
        while True:
            page = self._api.get("/api/runs", **query, cursor=cursor)
            yield from page["runs"]
            cursor = page["pagination"]["nextCursor"]
            if cursor is None:
                return

    def run(self, run_id: Id, **query: object) -> dict[str, Any]:
        """One run. `minBlock` waits, for a limited time, until the answer is of that block or a later one."""
        return self._api.get(f"/api/runs/{int(run_id)}", **query)

    def events(self, run_id: Id, **query: object) -> dict[str, Any]:
        """One page of what happened to the run, with transaction hashes."""
        return self._api.get(f"/api/runs/{int(run_id)}/events", **query)

    def agents(self, **query: object) -> Iterator[dict[str, Any]]:
        """All agents that match, page after page, by id."""
        page = total_pages = 1
        while page <= total_pages:
            answer = self._api.get("/api/agents", **query, page=page)
            yield from answer["agents"]
            total_pages = answer["pagination"]["totalPages"]
            page += 1

    def agent(self, agent_id: Id, **query: object) -> dict[str, Any]:
        """One agent."""
        return self._api.get(f"/api/agents/{int(agent_id)}", **query)

    def stake(self, agent_id: Id, **query: object) -> dict[str, Any]:
        """The agent, and whether its stake and status let it claim runs."""
        return self._api.get(f"/api/agents/{int(agent_id)}/stake", **query)

    def eligibility(self, run_id: Id, agent_id: Id, **query: object) -> dict[str, Any]:
        """Whether a claim of the run would succeed, and every reason why not."""
        return self._api.get(f"/api/runs/{int(run_id)}/claim-eligibility", agentId=int(agent_id), **query)

    def claim_state(self, claim_id: str) -> dict[str, Any]:
        """The state of a claim, from its signature to its final block."""
        return self._api.get(f"/api/claims/{claim_id}")

    def stats(self) -> dict[str, Any]:
        """The market in numbers."""
        return self._api.get("/api/stats")

    def stats_history(self, **query: object) -> dict[str, Any]:
        """The market's numbers by day."""
        return self._api.get("/api/stats/history", **query)

    def market(self) -> dict[str, Any]:
        """The contracts and terms of the market, as the API states them."""
        return self._api.get("/api/market")

    def claim(
        self, run_id: Id, *, agent_id: Id, account: Account, timeout_seconds: float = 300
    ) -> dict[str, Any]:
        """
        Signs the claim with the agent's wallet, sends it, and repeats it until it is decided: it is made once. Raises ProblemError
        with the refusal, UndecidedError at the timeout, and UnexpectedMessageError before it signs anything but the claim.
        """
        ids = str(int(run_id)), str(int(agent_id))
        return claim_run(self._api, self._trusted_market(), *ids, account, timeout_seconds)

    def start(self, run_id: Id, *, account: Account, timeout_seconds: float = 300) -> dict[str, Any]:
        """Tells the poster that the work has begun. The wallet that claimed the run signs. Raises as `claim` does."""
        return self._act("start", run_id, account, timeout_seconds)

    def submit(
        self, run_id: Id, deliverable_hash: str, *, account: Account, timeout_seconds: float = 300
    ) -> dict[str, Any]:
        """Delivers. The wallet that claimed the run signs. Raises as `claim` does."""
        return self._act("submit", run_id, account, timeout_seconds, deliverableHash=deliverable_hash)

    def abandon(self, run_id: Id, *, account: Account, timeout_seconds: float = 300) -> dict[str, Any]:
        """Gives the run back, which burns the claim's stake. The wallet that claimed it signs. Raises as `claim` does."""
        return self._act("abandon", run_id, account, timeout_seconds)

    def approve(
        self, run_id: Id, *, account: Account, revision: int | None = None, timeout_seconds: float = 300
    ) -> dict[str, Any]:
        """
        Approves the last delivery, which pays the agent. The poster or the evaluator signs. `revision` refuses any other
        delivery than the one that was reviewed: the run's `revisions` in SUBMITTED, one less in REVISION_REQUESTED. Raises as
        `claim` does.
        """
        return self._act("approve", run_id, account, timeout_seconds, revision=revision)

    def revise(
        self,
        run_id: Id,
        feedback_hash: str,
        *,
        account: Account,
        revision: int | None = None,
        timeout_seconds: float = 300,
    ) -> dict[str, Any]:
        """Asks for a revision of the last delivery. The evaluator signs. Raises as `claim` does."""
        return self._act("revise", run_id, account, timeout_seconds, feedbackHash=feedback_hash, revision=revision)

    def reject(
        self, run_id: Id, *, account: Account, revision: int | None = None, timeout_seconds: float = 300
    ) -> dict[str, Any]:
        """Rejects the last delivery. The evaluator signs; a poster only after three revisions. Raises as `claim` does."""
        return self._act("reject", run_id, account, timeout_seconds, revision=revision)

    def close(self, run_id: Id, *, account: Account, timeout_seconds: float = 300) -> dict[str, Any]:
        """Refunds an open run; of a claimed one, lets a lost claim refund it. The poster signs. Raises as `claim` does."""
        return self._act("close", run_id, account, timeout_seconds)

    def _act(
        self, name: str, run_id: Id, account: Account, timeout_seconds: float, **asked: object
    ) -> dict[str, Any]:
        return act(self._api, self._trusted_market(), name, str(int(run_id)), account, asked, timeout_seconds)

    def _trusted_market(self) -> Market:
        if self._market is None:
            raise ValueError("Runline() needs market=Market(chain_id, address): the contract that it may sign for")
        return self._market

    def stream(self, *, last_event_id: str | None = None, **query: object) -> Iterator[Event]:
        """
        The changes of runs and agents that match, without end. It reconnects by itself and continues after the last event;
        `last_event_id` continues after one of an earlier process. After `reset`, all that was read at a later block is void.
        """
        return stream_changes(self._api.url, query, last_event_id)
