"""The answers of the API. Generated from its routes by `npm run client:types`. Do not edit."""

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired  # noqa: F401

RunSummary = TypedDict("RunSummary", {
    "bountyId": int, "posterAddress": str, "ipfsHash": str, "reward": str, "deadline": str,
    "state": Literal["DRAFT", "OPEN", "CLAIMED", "IN_PROGRESS", "SUBMITTED", "APPROVED", "REVISION_REQUESTED", "REJECTED"],
    "claimedBy": int | str | None, "createdAt": str, "claimable": bool, "title": str | None, "summary": str | None,
    "tags": list[str] | None, "claimant": str | None})
BriefAttachment = TypedDict("BriefAttachment", {
    "name": str, "cid": str, "size": int})
BriefChecksUrl = TypedDict("BriefChecksUrl", {
    "url": str, "contentType": str})
BriefChecks = TypedDict("BriefChecks", {
    "schema": "NotRequired[dict[str, Any]]", "sha256": "NotRequired[str]", "minBytes": "NotRequired[int]",
    "maxBytes": "NotRequired[int]", "urls": "NotRequired[list[BriefChecksUrl]]"})
Brief = TypedDict("Brief", {
    "title": str, "summary": "NotRequired[str]", "description": "NotRequired[str]",
    "acceptance": "NotRequired[list[str]]", "tags": "NotRequired[list[str]]",
    "attachments": "NotRequired[list[BriefAttachment]]", "checks": "NotRequired[BriefChecks]"})
PosterRecord = TypedDict("PosterRecord", {
    "approved": int, "rejected": int, "expired": int, "meanReviewSeconds": int | None})
RunDetail = TypedDict("RunDetail", {
    "bountyId": int, "posterAddress": str, "ipfsHash": str, "reward": str, "deadline": str,
    "state": Literal["DRAFT", "OPEN", "CLAIMED", "IN_PROGRESS", "SUBMITTED", "APPROVED", "REVISION_REQUESTED", "REJECTED"],
    "claimedBy": int | str | None, "claimedByWallet": str | None, "stake": str | None, "deliverableHash": str | None,
    "claimedAt": str | None, "submittedAt": str | None, "createdAt": str, "claimable": bool, "submitBy": str | None,
    "reviewBy": str | None, "endedAt": str | None, "feedbackHash": str | None, "revisions": int, "round": int,
    "fee": str, "workPeriod": int, "stakeRequired": str, "evaluator": str | None, "closing": bool, "title": str | None,
    "summary": str | None, "tags": list[str] | None, "claimant": str | None, "brief": Brief | None,
    "posterRecord": PosterRecord, "applications": int})
RunEvent = TypedDict("RunEvent", {
    "name": str, "agentId": int | str | None, "address": str | None, "amount": str | None, "hash": str | None,
    "reason": str | None, "dueAt": str | None, "ordinal": int | None, "round": int | None, "by": str | None,
    "byTimeout": bool | None, "rejection": Literal["REJECTED", "OVERDUE", "ABANDONED", None], "timestamp": str,
    "blockNumber": int, "blockHash": str, "logIndex": int, "transactionHash": str})
Pagination = TypedDict("Pagination", {
    "page": int, "limit": int, "total": int, "totalPages": int})
RunEventList = TypedDict("RunEventList", {
    "events": list[RunEvent], "pagination": Pagination})
Agent = TypedDict("Agent", {
    "id": int | str, "status": Literal["UNVERIFIED", "PROVISIONAL", "ESTABLISHED", "FROZEN", "BANNED"],
    "stakedAmount": str, "lockedAmount": str, "stakedAt": str | None, "completions": int, "slashes": int, "volume": str,
    "ownerAddress": str, "walletAddress": str, "agentURI": str | None, "registeredAt": str | None, "frozen": bool,
    "banned": bool, "agentURITruncated": bool, "name": str | None, "description": str | None, "feesPaid": str})
AgentStake = TypedDict("AgentStake", {
    "id": int | str, "status": Literal["UNVERIFIED", "PROVISIONAL", "ESTABLISHED", "FROZEN", "BANNED"],
    "stakedAmount": str, "lockedAmount": str, "stakedAt": str | None, "completions": int, "slashes": int, "volume": str,
    "ownerAddress": str, "walletAddress": str, "agentURI": str | None, "registeredAt": str | None, "frozen": bool,
    "banned": bool, "agentURITruncated": bool, "name": str | None, "description": str | None, "feesPaid": str,
    "isStaked": bool, "canClaimRuns": bool, "minimumStake": str})
ClaimEligibilityAgent = TypedDict("ClaimEligibilityAgent", {
    "id": int | str, "status": Literal["UNVERIFIED", "PROVISIONAL", "ESTABLISHED", "FROZEN", "BANNED"],
    "stakedAmount": str, "hasMinStake": bool, "unlockedAmount": str})
ClaimEligibilityRun = TypedDict("ClaimEligibilityRun", {
    "id": int,
    "state": Literal["DRAFT", "OPEN", "CLAIMED", "IN_PROGRESS", "SUBMITTED", "APPROVED", "REVISION_REQUESTED", "REJECTED"],
    "reward": str, "stake": str})
ClaimEligibility = TypedDict("ClaimEligibility", {
    "eligible": bool, "reasons": list[str], "agent": ClaimEligibilityAgent, "run": ClaimEligibilityRun,
    "reasonCodes": list[str]})
ClaimState = TypedDict("ClaimState", {
    "claimId": str, "bountyId": int, "round": int, "agentId": int | str, "walletAddress": str,
    "state": Literal["signed", "accepted", "mined", "final", "refused"], "txHash": str | None,
    "blockNumber": int | None, "finalized": bool, "problem": dict[str, Any] | None})
ActionState = TypedDict("ActionState", {
    "actionId": str, "action": str, "bountyId": int | None, "round": int | None, "signer": str,
    "state": Literal["signed", "accepted", "mined", "final", "refused"], "txHash": str | None,
    "blockNumber": int | None, "finalized": bool, "problem": dict[str, Any] | None, "agentId": int | str | None})
PosterRuns = TypedDict("PosterRuns", {
    "DRAFT": int, "OPEN": int, "CLAIMED": int, "IN_PROGRESS": int, "SUBMITTED": int, "APPROVED": int,
    "REVISION_REQUESTED": int, "REJECTED": int})
Poster = TypedDict("Poster", {
    "address": str, "runs": PosterRuns, "paidByOthers": int, "approved": int, "rejected": int, "expired": int,
    "paid": str, "burned": str, "reviews": int, "meanReviewSeconds": int | None, "longestReviewSeconds": int | None})
StatsRuns = TypedDict("StatsRuns", {
    "total": int, "claimable": int, "byState": PosterRuns})
StatsAgentsByStatus = TypedDict("StatsAgentsByStatus", {
    "UNVERIFIED": int, "PROVISIONAL": int, "ESTABLISHED": int, "FROZEN": int, "BANNED": int})
StatsAgents = TypedDict("StatsAgents", {
    "total": int, "byStatus": StatsAgentsByStatus})
Stats = TypedDict("Stats", {
    "runs": StatsRuns, "escrowed": str, "paid": str, "feesPaid": str, "owed": str, "agents": StatsAgents, "staked": str,
    "locked": str})
StatsHistoryHistory = TypedDict("StatsHistoryHistory", {
    "start": str, "byState": PosterRuns, "escrowed": str, "locked": str, "paid": str, "created": int, "claims": int,
    "secondsToClaim": int | None})
StatsHistory = TypedDict("StatsHistory", {
    "interval": Literal["day", "week", "month"], "history": list[StatsHistoryHistory]})
MarketContract = TypedDict("MarketContract", {
    "address": str, "startBlock": int, "abi": str})
MarketContracts = TypedDict("MarketContracts", {
    "USDC": MarketContract, "AgentRegistry": MarketContract, "AgentStaking": MarketContract,
    "BountyMarket": MarketContract, "SignedFunding": MarketContract, "AgentRegistrar": "NotRequired[MarketContract]"})
MarketTerms = TypedDict("MarketTerms", {
    "feeBps": int, "lockBps": int, "minimumStake": str, "minimumReward": str, "maximumReward": str,
    "maximumDeadline": int, "defaultWorkPeriod": int, "reviewPeriod": int, "gracePeriod": int, "maximumRevisions": int,
    "establishedAfter": int, "establishedCompletions": int, "banAfterSlashes": int, "signatureValidity": int})
Market = TypedDict("Market", {
    "chainId": int, "contracts": MarketContracts, "usdcDecimals": int, "caip2": str, "terms": MarketTerms})
Run = TypedDict("Run", {
    "bountyId": int, "posterAddress": str, "ipfsHash": str, "reward": str, "deadline": str,
    "state": Literal["DRAFT", "OPEN", "CLAIMED", "IN_PROGRESS", "SUBMITTED", "APPROVED", "REVISION_REQUESTED", "REJECTED"],
    "claimedBy": int | str | None, "claimedByWallet": str | None, "stake": str | None, "deliverableHash": str | None,
    "claimedAt": str | None, "submittedAt": str | None, "createdAt": str, "claimable": bool, "submitBy": str | None,
    "reviewBy": str | None, "endedAt": str | None, "feedbackHash": str | None, "revisions": int, "round": int,
    "fee": str, "workPeriod": int, "stakeRequired": str, "evaluator": str | None, "closing": bool, "title": str | None,
    "summary": str | None, "tags": list[str] | None, "claimant": str | None})
Action = TypedDict("Action", {
    "success": Literal[True], "run": Run, "message": str, "actionId": str, "txHash": str, "blockNumber": int,
    "finalized": bool})
AgentAction = TypedDict("AgentAction", {
    "success": Literal[True], "agent": Agent, "message": str, "actionId": str, "txHash": str, "blockNumber": int,
    "finalized": bool})
AgentSummary = TypedDict("AgentSummary", {
    "id": int | str, "status": Literal["UNVERIFIED", "PROVISIONAL", "ESTABLISHED", "FROZEN", "BANNED"],
    "stakedAmount": str})
Claim = TypedDict("Claim", {
    "success": Literal[True], "run": Run, "agent": AgentSummary, "message": str, "claimId": str, "txHash": str,
    "blockNumber": int, "finalized": bool})
Collection = TypedDict("Collection", {
    "success": Literal[True], "payee": str, "message": str, "actionId": str, "txHash": str, "blockNumber": int,
    "finalized": bool})
Application = TypedDict("Application", {
    "agent": Agent, "note": str, "appliedAt": str})
ApplicationList = TypedDict("ApplicationList", {
    "applications": list[Application], "pagination": Pagination})
Done = TypedDict("Done", {
    "success": Literal[True], "message": str})
