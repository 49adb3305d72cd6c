// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IBountyMarket
/// @notice Escrows USDC for runs (bounties) and moves each through its life. No owner, no pause, no upgrade.
/// All amounts are USDC base units (6 decimals), all times are block timestamps in seconds.
/// @dev Trusts: USDC to move what it says it moved, to call nobody back, and to need less than 145,000 gas for it (with
/// more, a caller could starve a payment into a debt); the registry for who an agent's wallet is, at the claim only.
/// Where the registry is the canonical ERC-8004 deployment, its owner can upgrade it, and so could name any wallet for
/// any agent in new claims. Live runs never consult it.
///
/// Every function that names a bounty reverts with `BountyNotFound` if there is none, except `getBounty`, and checks in
/// this order: the bounty's state, the caller, the time, the rest. Where the poster is paid and USDC refuses the
/// transfer, the call reverts with USDC's own error; where the agent or the treasury is, the payment is deferred.
interface IBountyMarket {
    /// @notice NONE is a bounty that was never created; the other eight are the API's run states.
    enum State {
        NONE,
        DRAFT,
        OPEN,
        CLAIMED,
        IN_PROGRESS,
        SUBMITTED,
        APPROVED,
        REVISION_REQUESTED,
        REJECTED
    }

    /// @notice What is known of a bounty. Fee and lock are functions of the reward.
    struct Bounty {
        address poster;
        uint96 reward;
        /// The claiming wallet, which works and is paid; zero while unclaimed.
        address wallet;
        /// The last second to be claimed.
        uint40 deadline;
        /// When the current wait began: claim or revision request (delivery is due), submission (review is due). Zero
        /// while unclaimed.
        uint40 since;
        State state;
        /// How many revisions the current claim was asked for.
        uint8 revisions;
        /// The claiming agent; says nothing while `wallet` is zero, for 0 is an agent's id in some registries.
        uint224 agentId;
        /// How many times the bounty was claimed. Never falls.
        uint32 round;
    }

    /// @notice One item of `claimBatch`: the arguments of `claimBountyWithSig`.
    struct Claim {
        uint256 bountyId;
        uint256 agentId;
        address wallet;
        /// Last second at which the signature holds. Ignored without a signature.
        uint256 deadline;
        /// Empty asks for a claim in the caller's RELAYER_ROLE.
        bytes signature;
    }

    /// @notice `poster` created a bounty in DRAFT; nothing was paid yet.
    /// @param ipfsHash What the work is.
    /// @param reward What the agent gets.
    /// @param fee What the treasury gets on top of it.
    /// @param deadline The last second to be claimed.
    event BountyCreated(
        uint256 indexed bountyId, address indexed poster, string ipfsHash, uint256 reward, uint256 fee, uint64 deadline
    );

    /// @notice DRAFT → OPEN. `amount` is reward + fee, taken from `poster`.
    event BountyFunded(uint256 indexed bountyId, address indexed poster, uint256 amount);

    /// @notice OPEN → DRAFT, also as the second half of `slashAndWithdraw`. `amount` is reward + fee, paid back to
    /// `poster`.
    event BountyWithdrawn(uint256 indexed bountyId, address indexed poster, uint256 amount);

    /// @notice OPEN → CLAIMED.
    /// @param wallet The agent's wallet, which alone works on the run and is paid for it, whoever owns the agent later.
    /// @param stake What the claim locked of the agent's stake.
    /// @param round Counts the claims of this bounty, from 1.
    /// @param submitBy The last second before the claim can be slashed.
    event BountyClaimed(
        uint256 indexed bountyId,
        uint256 indexed agentId,
        address indexed wallet,
        uint256 stake,
        uint256 round,
        uint64 submitBy
    );

    /// @notice An item of `claimBatch` failed. Nothing changed.
    /// @param reason The error with which the same claim alone would revert; `AccessControlUnauthorizedAccount` if it
    /// had no signature and the caller no RELAYER_ROLE; empty if it ran out of its gas. Anyone can
    /// have any ids refused, so this says nothing about the wallet.
    event ClaimRefused(uint256 indexed bountyId, uint256 indexed agentId, address indexed wallet, bytes reason);

    /// @notice CLAIMED → IN_PROGRESS.
    event WorkStarted(uint256 indexed bountyId, uint256 indexed agentId);

    /// @notice CLAIMED, IN_PROGRESS or REVISION_REQUESTED → SUBMITTED.
    /// @param deliverableHash Where the work is.
    /// @param reviewBy The last second to ask for a revision or to reject.
    event WorkSubmitted(uint256 indexed bountyId, uint256 indexed agentId, string deliverableHash, uint64 reviewBy);

    /// @notice SUBMITTED → REVISION_REQUESTED.
    /// @param feedbackHash What is missing.
    /// @param revision Counts the requests of this claim, from 1.
    /// @param submitBy The last second before the claim can be slashed.
    event RevisionRequested(
        uint256 indexed bountyId, uint256 indexed agentId, string feedbackHash, uint256 revision, uint64 submitBy
    );

    /// @notice SUBMITTED → APPROVED. `reward` went to `wallet` and `fee` to the treasury, or is owed to them.
    /// @param byTimeout Whether the review period ran out, and not the poster approved.
    event BountyApproved(
        uint256 indexed bountyId,
        uint256 indexed agentId,
        address indexed wallet,
        uint256 reward,
        uint256 fee,
        bool byTimeout
    );

    /// @notice SUBMITTED → REJECTED. `refund`, the reward, went back to `poster`; the fee and the agent's locked stake
    /// went to the treasury, or are owed to it.
    event BountyRejected(uint256 indexed bountyId, uint256 indexed agentId, address indexed poster, uint256 refund);

    /// @notice The claim was not delivered in time: its locked `stake` went to `poster`, and the bounty is OPEN again.
    event ClaimSlashed(uint256 indexed bountyId, uint256 indexed agentId, address indexed poster, uint256 stake);

    /// @notice USDC refused to pay `payee`; the market owes it `amount` more.
    event PaymentDeferred(address indexed payee, uint256 amount);

    /// @notice The market paid `payee` all that it owed it.
    event PaymentCollected(address indexed payee, uint256 amount);

    /// @notice There is no such bounty.
    error BountyNotFound(uint256 bountyId);

    /// @notice Claim check: the bounty is not OPEN.
    error BountyNotOpen(uint256 bountyId, State state);

    /// @notice The last second to claim, and so to fund, the bounty has passed.
    error BountyDeadlinePassed(uint256 bountyId, uint256 deadline, uint256 timestamp);

    /// @notice Claim check: the last second at which the signature held has passed.
    error SignatureExpired(uint256 deadline, uint256 timestamp);

    /// @notice Claim check: the signature would hold for longer than an hour, until after `latest`.
    error SignatureTooLong(uint256 deadline, uint256 latest);

    /// @notice Claim check: `wallet` did not sign this claim for this round of the bounty.
    error InvalidSignature(uint256 bountyId, address wallet, uint256 round);

    /// @notice Claim check: the registry knows no such agent, or it could not answer, or the id has more than 40 bits,
    /// which no registry counts to.
    error AgentNotFound(uint256 agentId);

    /// @notice Claim check: the agent's wallet is `expected`.
    error NotAgentWallet(uint256 agentId, address wallet, address expected);

    /// @notice The bounty is not in a state from which this call may be made.
    error InvalidState(uint256 bountyId, State state);

    /// @notice Only the bounty's poster may make this call.
    error NotPoster(uint256 bountyId, address caller, address poster);

    /// @notice Only the wallet that claimed the bounty may make this call.
    error NotClaimingWallet(uint256 bountyId, address caller, address wallet);

    /// @notice The reward must lie between MIN_REWARD and MAX_REWARD.
    error RewardOutOfRange(uint256 reward, uint256 minimum, uint256 maximum);

    /// @notice The deadline must be ahead, by at most MAX_DEADLINE.
    error DeadlineOutOfRange(uint256 deadline, uint256 earliest, uint256 latest);

    /// @notice Strings hold 1 to 128 bytes.
    error InvalidStringLength(uint256 length, uint256 maximum);

    /// @notice After `reviewBy` the poster may only approve.
    error ReviewPeriodOver(uint256 bountyId, uint256 reviewBy, uint256 timestamp);

    /// @notice Until `reviewBy` the review is the poster's.
    error ReviewPeriodNotOver(uint256 bountyId, uint256 reviewBy, uint256 timestamp);

    /// @notice The claim was already asked for all its revisions.
    error NoRevisionsLeft(uint256 bountyId, uint256 revisions, uint256 maximum);

    /// @notice Work may be rejected only after MAX_REVISIONS.
    error RevisionsLeft(uint256 bountyId, uint256 revisions, uint256 maximum);

    /// @notice Until `submitBy` the agent has time to deliver.
    error SubmissionNotOverdue(uint256 bountyId, uint256 submitBy, uint256 timestamp);

    /// @notice The market owes `payee` nothing.
    error NothingOwed(address payee);

    /// @notice No address given to the constructor may be zero.
    error ZeroAddress();

    /// @notice A relayer may be named on a devnet only.
    error RelayersNotAllowed(uint256 chainId, uint256 allowedChainId);

    /// @notice The caller is this contract only: the frame in which `claimBatch` tries one item.
    error NotSelf(address caller);

    /// @notice What the treasury gets on top of the reward, in hundredths of a percent of it, rounded down: 5 %.
    function FEE_BPS() external view returns (uint256);

    /// @notice What a claim locks of the agent's stake, in hundredths of a percent of the reward, rounded down, and at
    /// most the staking contract's MIN_STAKE: 10 %.
    function LOCK_BPS() external view returns (uint256);

    /// @notice How long an agent has to deliver after its claim, and again after each request for a revision.
    function CLAIM_TIMEOUT() external view returns (uint256);

    /// @notice How long a poster has to review a submission.
    function REVIEW_PERIOD() external view returns (uint256);

    /// @notice How many revisions a poster may ask one claim for.
    function MAX_REVISIONS() external view returns (uint256);

    /// @notice The least reward: 0.01 USDC.
    function MIN_REWARD() external view returns (uint256);

    /// @notice The largest reward: a billion USDC.
    function MAX_REWARD() external view returns (uint256);

    /// @notice How far ahead a deadline may be.
    function MAX_DEADLINE() external view returns (uint256);

    /// @notice May claim without the wallet's signature. Granted in the constructor, on chain 31337 only; no admin.
    function RELAYER_ROLE() external view returns (bytes32);

    /// @notice The token in escrow.
    function USDC() external view returns (address);

    /// @notice The ERC-8004 registry. Only `getAgentWallet` and `ownerOf` are called.
    function REGISTRY() external view returns (address);

    /// @notice The contract that holds the agents' stake. Created by this one.
    function STAKING() external view returns (address);

    /// @notice Receives the fee of every run that ends, and the stake that a rejected one costs.
    function TREASURY() external view returns (address);

    /// @notice Creates a bounty in DRAFT, which costs nothing. Anyone; the caller is its poster.
    /// @dev Reverts with `InvalidStringLength`, `RewardOutOfRange` or `DeadlineOutOfRange`, in this order.
    /// @param ipfsHash What the work is, 1 to 128 bytes. Not read.
    /// @param reward What the agent gets, MIN_REWARD to MAX_REWARD.
    /// @param deadline The last second to be claimed, ahead by at most MAX_DEADLINE, and of 32 bits: the last is in 2106.
    /// @return bountyId From 1, without gaps.
    function createBounty(string calldata ipfsHash, uint256 reward, uint64 deadline) external returns (uint256 bountyId);

    /// @notice DRAFT → OPEN: takes reward + fee from the poster, who has approved this contract. The poster, until the
    /// deadline.
    function fundBounty(uint256 bountyId) external;

    /// @notice `createBounty` and `fundBounty` in one.
    function postBounty(string calldata ipfsHash, uint256 reward, uint64 deadline) external returns (uint256 bountyId);

    /// @notice OPEN → DRAFT: pays reward + fee back. The poster, at any time. A signed claim outlives it: it holds again
    /// once the bounty is funded again, for the same work and reward.
    function withdrawBounty(uint256 bountyId) external;

    /// @notice OPEN → CLAIMED, until the deadline. The agent's wallet: `getAgentWallet`, or the agent's owner where that
    /// is zero.
    /// @dev Locks 10 % of the reward, at most MIN_STAKE, of the agent's stake, under the checks and errors of
    /// `IAgentStaking.checkLock`.
    function claimBounty(uint256 bountyId, uint256 agentId) external;

    /// @notice `claimBounty` by anyone, with the word of the agent's wallet. A key's word cannot be
    /// taken back, and it names the bounty by its id: sign for a bounty that no reorg can replace by another.
    /// @param deadline Last second at which the signature holds, at most an hour ahead.
    /// @param signature EIP-712 by `wallet`, domain `BountyMarket` / `1`, over
    /// `Claim(uint256 bountyId,uint256 agentId,address wallet,uint256 round,uint256 deadline)`, where `round` is the
    /// number that the claim will get: the bounty's current `round` + 1. 65 bytes of ECDSA with low s, else ERC-1271
    /// with at most 8192 bytes.
    function claimBountyWithSig(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice `claimBounty` for an agent whose wallet signed nothing. RELAYER_ROLE, which exists on devnets only.
    function claimBountyFor(uint256 bountyId, uint256 agentId, address wallet) external;

    /// @notice Tries many claims, each alone: one that fails emits `ClaimRefused` and never fails another. Anyone.
    /// @dev Each may use 250,000 gas and is tried only if it can have all of it. The first for which too little is left
    /// ends the batch: it and all after it are untouched, their results are false, and they emit nothing.
    /// @return results Which claims succeeded, in the order given.
    function claimBatch(Claim[] calldata claims) external returns (bool[] memory results);

    /// @notice One item of `claimBatch`, called by this contract only, so that what fails can be undone alone.
    /// @param caller Who called `claimBatch`.
    function claimInBatch(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 deadline,
        bytes calldata signature,
        address caller
    ) external;

    /// @notice CLAIMED → IN_PROGRESS. The claiming wallet. A sign to the poster; no time limit moves.
    function startWork(uint256 bountyId) external;

    /// @notice CLAIMED, IN_PROGRESS or REVISION_REQUESTED → SUBMITTED. The claiming wallet, also when it is late, until
    /// it is slashed.
    /// @param deliverableHash Where the work is, 1 to 128 bytes. Not read.
    function submitWork(uint256 bountyId, string calldata deliverableHash) external;

    /// @notice SUBMITTED → REVISION_REQUESTED. The poster, within REVIEW_PERIOD of the submission, MAX_REVISIONS times a
    /// claim.
    /// @param feedbackHash What is missing, 1 to 128 bytes. Not read.
    function requestRevision(uint256 bountyId, string calldata feedbackHash) external;

    /// @notice SUBMITTED → APPROVED: pays the reward to the claiming wallet and the fee to the treasury, and gives the
    /// agent's locked stake free. The poster, at any time.
    function approveWork(uint256 bountyId) external;

    /// @notice SUBMITTED → REJECTED: pays the reward back to the poster, and the fee and the agent's locked stake to the
    /// treasury, so that nobody gains by it. The agent is not frozen. The poster, within REVIEW_PERIOD of a submission
    /// that followed the last of MAX_REVISIONS.
    function rejectWork(uint256 bountyId) external;

    /// @notice `approveWork` by anyone, once REVIEW_PERIOD has passed since the submission.
    function finalizeReview(uint256 bountyId) external;

    /// @notice CLAIMED, IN_PROGRESS or REVISION_REQUESTED → OPEN: pays the agent's locked stake to the poster and
    /// freezes the agent. The poster, once CLAIM_TIMEOUT has passed since the claim or the request for a revision.
    function slashExpired(uint256 bountyId) external;

    /// @notice `slashExpired`, but → DRAFT: pays reward + fee back as well.
    function slashAndWithdraw(uint256 bountyId) external;

    /// @notice Pays `payee` all that the market owes it. Anyone.
    /// @dev Reverts with `NothingOwed`, or with USDC's own error while USDC still refuses.
    function collect(address payee) external;

    /// @notice The bounty; all zero, and so in state NONE, if there is none.
    function getBounty(uint256 bountyId) external view returns (Bounty memory);

    /// @notice How many bounties were created, which is also the last one's id.
    function bountyCount() external view returns (uint256);

    /// @notice What `collect` would pay `payee`.
    function owed(address payee) external view returns (uint256);

    /// @notice Reverts exactly as `claimBounty` by `wallet` would, in the order: found, OPEN, deadline, agent found,
    /// wallet, banned, frozen, staked, unlocked. A signed claim checks its signature after the deadline.
    function checkClaim(uint256 bountyId, uint256 agentId, address wallet) external view;
}
