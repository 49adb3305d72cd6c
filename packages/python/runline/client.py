"""The client of one market."""

import time
from collections.abc import Mapping
from typing import Any

from .accounts import AccountActions, Typed
from .actions import act
from .answers import Action, AgentAction, Brief, Claim, Collection, Done
from .applications import send_application
from .claims import ZERO_ADDRESS, claim_run
from .contents import Content, named, store
from .decide import Request, send_until_decided
from .http import Api
from .reads import Id, Reads
from .signing import Account, Contracts, Market

Run = Id | Mapping[str, Any]
"""A run's id, or the run as it was read: then the client signs for its terms, its round and its revision only."""

Agent = Id | Mapping[str, Any]
"""An agent's id, or the agent as it was read: then the client signs for its owner only, and for its `nonce` if it has one."""


class Runline(Reads):
    """
    Reads, and acts by signatures that the API sends: accounts need no ether. Answers are the API's JSON as typed dictionaries:
    `/docs` describes them. Ids may be numbers or text; amounts are USDC base units, as decimal text in answers, except the filter
    `minReward`: whole USDC.
    """

    def __init__(
        self,
        url: str,
        *,
        market: Market | None = None,
        contracts: Contracts | None = None,
        timeout_seconds: float = 30,
    ) -> None:
        """
        `url` is the API's origin. `market` is needed to sign anything, and `contracts` to post, register, stake and unstake: take
        the addresses from a source that you trust. A read is repeated for `timeout_seconds` after 429, 5xx and lost answers.
        """
        super().__init__(Api(url, timeout_seconds))
        self._market = market
        self._contracts = contracts

    def store(self, content: Content) -> str:
        """
        Stores a text, or JSON, for all to read, and returns its `ipfs://` URI for a run to name. Raises UnexpectedContentError if
        the API names another.
        """
        return str(store(self._api, content)["uri"])

    def post(
        self,
        brief: str | Brief,
        reward: int,
        deadline: int,
        *,
        account: Account,
        work_period: int = 0,
        stake_percent: int = 0,
        evaluator: str = ZERO_ADDRESS,
        claimant: str = ZERO_ADDRESS,
        salt: str | None = None,
        timeout_seconds: float = 300,
    ) -> Action:
        """
        Posts a run. `brief` is a URI, or the brief itself, which is stored. `reward` is in USDC base units: the account pays it,
        and a fee of a twentieth. `deadline` is the last second at which the run can be claimed, since 1970. `work_period` is in seconds, in whole hours; `stake_percent` is of the
        reward; with 0, they are the market's defaults. Only the wallet `claimant` may claim; zero is any, and the account's own
        address is none until another is named. With the same `salt`, of `create_salt`, and the same terms a call is the same post, in
        another process too: it is paid once, and a call that is repeated gets the answer of the first. Raises as `claim` does.
        """
        terms: dict[str, Typed] = {
            "ipfsHash": ("string", brief if isinstance(brief, str) else self._stored_brief(brief)),
            "reward": ("uint256", whole(reward)),
            "deadline": ("uint64", whole(deadline)),
            "workPeriod": ("uint32", whole(work_period)),
            "stakePercent": ("uint8", whole(stake_percent)),
            "evaluator": ("address", evaluator),
            "claimant": ("address", claimant),
        }
        return self._of(account, timeout_seconds, salt).post(terms)

    def register(
        self, agent_uri: str, *, account: Account, salt: str | None = None, timeout_seconds: float = 300
    ) -> AgentAction:
        """
        Registers an agent, whose owner and wallet is the account. The URI has at most 256 bytes. `salt` is as of `post`. Raises as
        `claim` does.
        """
        return self._of(account, timeout_seconds, salt).register(agent_uri)

    def stake(
        self, agent: Agent, amount: int, *, account: Account, salt: str | None = None, timeout_seconds: float = 300
    ) -> AgentAction:
        """
        Stakes USDC (base units) of the account for the agent, which the account owns, or whose owner is that of the agent that
        was read. `salt` is as of `post`. Raises as `claim` does.
        """
        return self._of(account, timeout_seconds, salt).stake(read("id", agent), whole(amount))

    def unstake(
        self, agent: Agent, amount: int, *, account: Account, timeout_seconds: float = 300
    ) -> AgentAction:
        """Pays stake (base units) to the agent's owner. Its owner or wallet signs. Raises as `claim` does."""
        return self._of(account, timeout_seconds).unstake(read("id", agent), whole(amount))

    def claim(
        self,
        run: Run,
        *,
        agent_id: Id,
        account: Account,
        expected: dict[str, Any] | None = None,
        timeout_seconds: float = 300,
    ) -> Claim:
        """
        Signs the claim with the agent's wallet, sends it, and repeats it until it is decided: it is made once. `expected` names
        terms that the caller agrees to: reward, stake (base units), workPeriod (seconds), evaluator, round. The others are of
        the run that was read, else the market's defaults. Raises ProblemError with the refusal, UndecidedError at the timeout,
        and UnexpectedMessageError before it signs anything but the claim.
        """
        of_run = read("bountyId", run), str(int(agent_id))
        return claim_run(self._api, self._trusted_market(), *of_run, account, expected or {}, timeout_seconds)

    def apply(self, run_id: Id, note: str, *, agent_id: Id, account: Account) -> Done:
        """
        Applies for a run whose poster names who may claim it. The agent's wallet signs; everyone can read the note, of at most
        1,000 bytes. Raises ProblemError with the refusal, NoAnswerError, and UnexpectedMessageError before it signs another message.
        """
        market = self._trusted_market()
        return send_application(self._api, market, str(int(run_id)), str(int(agent_id)), note, account)

    def withdraw_application(self, run_id: Id, *, agent_id: Id, account: Account) -> Done:
        """Takes the agent's application back. Raises as `apply` does."""
        market = self._trusted_market()
        return send_application(self._api, market, str(int(run_id)), str(int(agent_id)), None, account)

    def start(self, run: Run, *, account: Account, timeout_seconds: float = 300) -> Action:
        """Tells the poster that the work has begun. The wallet that claimed the run signs. Raises as `claim` does."""
        return self._act("start", run, account, timeout_seconds)

    def submit(
        self,
        run: Run,
        deliverable_hash: str | None = None,
        *,
        content: Content | None = None,
        is_unchecked: bool = False,
        account: Account,
        timeout_seconds: float = 300,
    ) -> Action:
        """
        Delivers a URI, or `content`, which is stored. The wallet that claimed the run signs. `is_unchecked` delivers a text that
        is no URI. Raises as `claim` does.
        """
        uri = named(self._api, deliverable_hash, content, is_unchecked)
        return self._act("submit", run, account, timeout_seconds, deliverableHash=uri)

    def abandon(self, run: Run, *, account: Account, timeout_seconds: float = 300) -> Action:
        """Gives the run back, which burns the claim's stake. The wallet that claimed it signs. Raises as `claim` does."""
        return self._act("abandon", run, account, timeout_seconds)

    def approve(
        self, run: Run, *, account: Account, revision: int, timeout_seconds: float = 300
    ) -> Action:
        """
        Approves a delivery, which pays the agent. The poster or the evaluator signs. `revision` is that of the delivery that was
        reviewed: the run's `revisions` in SUBMITTED, one less in REVISION_REQUESTED. Refused if it is not the last. Raises as
        `claim` does.
        """
        return self._act("approve", run, account, timeout_seconds, revision=revision)

    def revise(
        self,
        run: Run,
        feedback_hash: str | None = None,
        *,
        content: Content | None = None,
        is_unchecked: bool = False,
        account: Account,
        revision: int,
        timeout_seconds: float = 300,
    ) -> Action:
        """
        Asks for a revision of a delivery, which `revision` names as in `approve`, with feedback that is a URI, or `content`, which is stored. The evaluator
        signs. Raises as `submit` does.
        """
        uri = named(self._api, feedback_hash, content, is_unchecked)
        return self._act("revise", run, account, timeout_seconds, feedbackHash=uri, revision=revision)

    def reject(
        self, run: Run, *, account: Account, revision: int, timeout_seconds: float = 300
    ) -> Action:
        """
        Rejects a delivery, which `revision` names as in `approve`. The evaluator signs; a poster only after three revisions. Raises
        as `claim` does.
        """
        return self._act("reject", run, account, timeout_seconds, revision=revision)

    def close(self, run: Run, *, account: Account, timeout_seconds: float = 300) -> Action:
        """Refunds an open run; of a claimed one, lets a lost claim refund it. The poster signs. Raises as `claim` does."""
        return self._act("close", run, account, timeout_seconds)

    def name_claimant(self, run: Run, claimant: str, *, account: Account, timeout_seconds: float = 300) -> Action:
        """
        Names the only wallet that may claim an open run whose terms name one. The zero address opens it to any wallet, for good;
        the poster's own stands for none yet. The poster signs. Raises as `claim` does.
        """
        return self._act("name-claimant", run, account, timeout_seconds, claimant=claimant)

    def finalize(self, run_id: Id, *, timeout_seconds: float = 300) -> Action:
        """Has work approved that was not reviewed in time. Anyone may ask. Raises as `claim` does."""
        return self._call("finalize", f"/api/runs/{int(run_id)}/finalize", timeout_seconds)

    def expire(self, run_id: Id, *, timeout_seconds: float = 300) -> Action:
        """Refunds the poster of an open run after its deadline. Anyone may ask. Raises as `claim` does."""
        return self._call("expire", f"/api/runs/{int(run_id)}/expire", timeout_seconds)

    def slash(self, run_id: Id, *, timeout_seconds: float = 300) -> Action:
        """Burns the stake of a claim without work, after its time. Anyone may ask. Raises as `claim` does."""
        return self._call("slash", f"/api/runs/{int(run_id)}/slash", timeout_seconds)

    def reject_overdue(self, run_id: Id, *, timeout_seconds: float = 300) -> Action:
        """Rejects a revision that did not come in time. Anyone may ask. Raises as `claim` does."""
        return self._call("reject-overdue", f"/api/runs/{int(run_id)}/reject-overdue", timeout_seconds)

    def collect(self, payee: str, *, timeout_seconds: float = 300) -> Collection:
        """Pays what the market owes to the address. Anyone may ask. Raises as `claim` does."""
        return self._call("collect", f"/api/payees/{payee}/collect", timeout_seconds)

    def _stored_brief(self, brief: Brief) -> str:
        answer = store(self._api, {**brief})
        if not answer["isBrief"]:
            complaint = answer.get("briefComplaint", "it needs a title of one line.")
            raise ValueError(f"the brief is none by /schemas/brief.json: {complaint} Nothing was signed")
        return str(answer["uri"])

    def _call(self, what: str, path: str, timeout_seconds: float) -> Any:
        return send_until_decided(self._api, Request(what, path, None, {}), time.monotonic() + timeout_seconds)

    def _of(self, account: Account, timeout_seconds: float, salt: str | None = None) -> AccountActions:
        if self._contracts is None:
            raise ValueError("Runline() needs contracts=Contracts(…): the contracts that it may sign for")
        chain_id = self._trusted_market().chain_id
        return AccountActions(self._api, chain_id, self._contracts, account, timeout_seconds, salt)

    def _act(
        self, name: str, run: Run, account: Account, timeout_seconds: float, **asked: object
    ) -> Any:
        return act(self._api, self._trusted_market(), name, read("bountyId", run), account, asked, timeout_seconds)

    def _trusted_market(self) -> Market:
        if self._market is None:
            raise ValueError("Runline() needs market=Market(chain_id, address): the contract that it may sign for")
        return self._market


def read(member: str, given: Id | Mapping[str, Any]) -> dict[str, Any]:
    """What the caller has read: nothing but the id, if that is all that it gives."""
    known = given if isinstance(given, Mapping) else {member: given}
    return {**known, member: str(int(known[member]))}


def whole(number: int | str) -> int:
    """The integer. Raises ValueError for a fraction, which `int` would round."""
    return int(str(number))
