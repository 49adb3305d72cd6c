// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IBountyMarket
/// @notice Escrows USDC for runs (bounties) and moves each through its life. No owner, no pause, no upgrade.
/// All amounts are USDC base units (6 decimals), all times are block timestamps in seconds.
/// @dev Trusts: USDC to move the amount that it reports, to call no other contract, and to need less than 145,000 gas
/// for it (with more, a caller could starve a payment into a debt); the registry for an agent's wallet, at the claim
/// only. Where the registry is the canonical ERC-8004 deployment, its owner can upgrade it, and so could name any
/// wallet for any agent in new claims. Live runs never call it. An evaluator is trusted by the poster that names it,
/// and by the agent that claims the run.
///
/// A forfeit is burned: what a party loses by failing is sent to BURN, and no other party gains by it. The treasury
/// earns only where a party approves: the fee of a run that time approves is burned, so no party earns from another's
/// silence.
///
/// A key can do all that its account may. A stolen key of an agent's wallet can burn the agent's whole unlocked stake at
/// once: it claims a run that puts all of it at risk, and abandons it. The market knows no outage of the chain: where no
/// block was made until after `submitBy` or `reviewBy`, the slash or the payment is possible in the next block.
///
/// Every function that names a bounty reverts with `BountyNotFound` if there is none, except `getBounty`, and checks in
/// this order: the bounty's state, the caller (or its signature), the time, the rest. Where USDC refuses a payment, also a
/// poster's own refund, the payment is deferred and the call continues.
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

    /// @notice Why a run was rejected: by its evaluator, because the agent did not answer a request for a revision in time,
    /// or because the agent abandoned it.
    enum Rejection {
        REJECTED,
        OVERDUE,
        ABANDONED
    }

    /// @notice What a poster may set. All zero: the defaults.
    struct Terms {
        /// How long an agent has to deliver after its claim, and again after each request for a revision, in seconds:
        /// whole hours, 1 hour to 30 days. 0 is DEFAULT_WORK_PERIOD.
        uint32 workPeriod;
        /// What a claim puts at risk, in percent of the reward: 1 to 100. 0 is LOCK_BPS of the reward, at most the staking
        /// contract's MIN_STAKE, but at least the fee.
        uint8 stakePercent;
        /// Who requests revisions and rejects in the poster's place, and may approve too. 0 is the poster.
        address evaluator;
        /// The only wallet that may claim, for any agent whose wallet it is, until the poster names another. 0: any. The
        /// poster: none yet, until the poster names one.
        address claimant;
    }

    /// @notice A bounty as the market shows it.
    struct Bounty {
        address poster;
        uint56 reward;
        /// What a claim locks of the agent's stake.
        uint56 stake;
        /// The last second to be claimed.
        uint32 deadline;
        /// How long an agent has to deliver, in seconds.
        uint32 workPeriod;
        /// As the terms name it: zero means that the poster evaluates.
        address evaluator;
        /// The claiming wallet, which works and is paid; zero while unclaimed.
        address wallet;
        /// The claiming agent; says nothing while `wallet` is zero, for 0 is an agent's id in some registries.
        uint40 agentId;
        /// When the current wait began: claim or revision request (delivery is due), submission (review is due). Zero
        /// while unclaimed.
        uint40 since;
        State state;
        /// How many revisions the current claim was asked for.
        uint8 revisions;
        /// How many times the bounty was claimed. Never falls.
        uint32 round;
        /// Whether the poster closed the bounty while it was claimed: a lost claim then ends in DRAFT.
        bool closing;
        /// The only wallet that may claim; zero: any; the poster: none yet. A refund, a claim and its loss keep it.
        address claimant;
        /// How often a claimant was named, the terms included; zero where the terms name none.
        uint32 namings;
    }

    /// @notice One item of `claimBatch`: the arguments of `claimBountyWithSig`.
    struct Claim {
        uint256 bountyId;
        uint256 agentId;
        address wallet;
        /// Last second at which the signature holds. Ignored without a signature.
        uint256 deadline;
        /// Empty asks for an unsigned claim, which a devnet's relayer only may make.
        bytes signature;
    }

    /// @notice The result of an item of `claimBatch`. UNTRIED: too little gas was left, and nothing changed.
    enum ItemResult {
        UNTRIED,
        REFUSED,
        MADE
    }

    /// @notice `poster` created a bounty in DRAFT; nothing was paid yet.
    /// @param ipfsHash What the work is.
    /// @param reward What the agent gets.
    /// @param fee What the treasury gets on top of it when a party approves the work.
    /// @param stake What a claim puts at risk.
    /// @param deadline The last second to be claimed.
    /// @param workPeriod How long an agent has to deliver, in seconds.
    /// @param evaluator Who evaluates; zero is the poster.
    event BountyCreated(
        uint256 indexed bountyId,
        address indexed poster,
        string ipfsHash,
        uint256 reward,
        uint256 fee,
        uint256 stake,
        uint64 deadline,
        uint32 workPeriod,
        address evaluator
    );

    /// @notice Only `claimant` may claim from now on. Zero opens the bounty to any wallet, for good; `poster` to none until the
    /// poster names one. The event follows `BountyCreated` where the terms name a claimant.
    /// @param namings How often a claimant was named, this one included.
    event ClaimantNamed(uint256 indexed bountyId, address indexed poster, address indexed claimant, uint256 namings);

    /// @notice DRAFT → OPEN. `payer`, the caller, paid `amount`, which is reward + fee. Anyone may pay for a bounty in any
    /// poster's name, so a run says something about its poster only where the poster paid, or SignedFunding with the
    /// poster's signature.
    event BountyFunded(uint256 indexed bountyId, address indexed poster, address indexed payer, uint256 amount);

    /// @notice OPEN → DRAFT, also right after a `ClaimSlashed` or `ClaimAbandoned`. `amount` is reward + fee, paid back
    /// to `poster` or owed to it. The bounty is no longer closing.
    event BountyWithdrawn(uint256 indexed bountyId, address indexed poster, uint256 amount);

    /// @notice OPEN → CLAIMED.
    /// @param wallet The agent's wallet; only it works on the run and is paid for it, also if the agent is sold later.
    /// @param stake What the claim locked of the agent's stake.
    /// @param round Counts the claims of this bounty, from 1.
    /// @param submitBy The last second before the poster may slash the claim.
    event BountyClaimed(
        uint256 indexed bountyId,
        uint256 indexed agentId,
        address indexed wallet,
        uint256 stake,
        uint256 round,
        uint64 submitBy
    );

    /// @notice An item of `claimBatch` failed. Nothing changed.
    /// @param reason The error with which the same claim alone would revert; `NotRelayer` if it
    /// had no signature and the caller is no relayer; empty if it ran out of its gas. Anyone can have any ids refused, so
    /// this says nothing about the wallet.
    event ClaimRefused(uint256 indexed bountyId, uint256 indexed agentId, address indexed wallet, bytes reason);

    /// @notice CLAIMED → IN_PROGRESS.
    event WorkStarted(uint256 indexed bountyId, uint256 indexed agentId);

    /// @notice CLAIMED, IN_PROGRESS or REVISION_REQUESTED → SUBMITTED.
    /// @param deliverableHash Where the work is.
    /// @param reviewBy The last second to ask for a revision or to reject.
    /// @param round The number of the claim, as of `BountyClaimed`.
    /// @param revision The request that it answers; 0 for the claim's first delivery.
    event WorkSubmitted(
        uint256 indexed bountyId,
        uint256 indexed agentId,
        string deliverableHash,
        uint64 reviewBy,
        uint256 round,
        uint256 revision
    );

    /// @notice SUBMITTED → REVISION_REQUESTED.
    /// @param feedbackHash What is missing.
    /// @param revision Counts the requests of this claim, from 1.
    /// @param submitBy The last second before the run can be rejected as overdue.
    event RevisionRequested(
        uint256 indexed bountyId, uint256 indexed agentId, string feedbackHash, uint256 revision, uint64 submitBy
    );

    /// @notice SUBMITTED or REVISION_REQUESTED → APPROVED. `reward` went to `wallet`, or is owed to it.
    /// @param fee Owed to the treasury where a party approved, else burned, or owed to BURN.
    /// @param by The poster or the evaluator that approved, by a call or a signature; zero where the review period ended
    /// without an answer.
    /// @param round The number of the claim, as of `BountyClaimed`.
    event BountyApproved(
        uint256 indexed bountyId,
        uint256 indexed agentId,
        address indexed wallet,
        uint256 reward,
        uint256 fee,
        address by,
        uint256 round
    );

    /// @notice SUBMITTED or REVISION_REQUESTED → REJECTED. `refund`, the reward, went back to `poster`, or is owed to it.
    /// @param burned The fee and the agent's stake, which went to BURN, or are owed to it.
    /// @param round The number of the claim, as of `BountyClaimed`.
    event BountyRejected(
        uint256 indexed bountyId,
        uint256 indexed agentId,
        address indexed poster,
        uint256 refund,
        uint256 burned,
        uint256 round,
        Rejection reason
    );

    /// @notice CLAIMED or IN_PROGRESS → OPEN: the claim was not delivered in time. Its `stake` was burned, the agent is
    /// frozen. `BountyWithdrawn` follows where the bounty became a DRAFT.
    /// @param round The number of the claim, as of `BountyClaimed`.
    event ClaimSlashed(
        uint256 indexed bountyId, uint256 indexed agentId, address indexed poster, uint256 stake, uint256 round
    );

    /// @notice CLAIMED or IN_PROGRESS → OPEN: the agent abandoned the claim. Its `stake` was burned. `BountyWithdrawn`
    /// follows where the bounty became a DRAFT.
    /// @param round The number of the claim, as of `BountyClaimed`.
    event ClaimAbandoned(
        uint256 indexed bountyId, uint256 indexed agentId, address indexed poster, uint256 stake, uint256 round
    );

    /// @notice The poster closed the bounty during a claim. If the claim is lost, the bounty becomes a DRAFT.
    event BountyClosing(uint256 indexed bountyId, address indexed poster);

    /// @notice USDC refused to pay `payee` for this bounty; the market owes it `amount` more.
    event PaymentDeferred(uint256 indexed bountyId, address indexed payee, uint256 amount);

    /// @notice The market paid `payee` everything that it owed it; the treasury, all but one unit.
    event PaymentCollected(address indexed payee, uint256 amount);

    /// @notice There is no such bounty.
    error BountyNotFound(uint256 bountyId);

    /// @notice Claim check: the bounty is not OPEN.
    error BountyNotOpen(uint256 bountyId, State state);

    /// @notice The last second to claim, and so to fund, the bounty has passed.
    error BountyDeadlinePassed(uint256 bountyId, uint256 deadline, uint256 timestamp);

    /// @notice The bounty can be claimed until `deadline`, so only its poster may take the escrow out.
    error BountyDeadlineNotPassed(uint256 bountyId, uint256 deadline, uint256 timestamp);

    /// @notice The signature has expired: `deadline` has passed.
    error SignatureExpired(uint256 deadline, uint256 timestamp);

    /// @notice The signature would hold for longer than an hour, until after `latest`.
    error SignatureTooLong(uint256 deadline, uint256 latest);

    /// @notice The party that must sign, `wallet`, did not sign this for this round of the bounty.
    error InvalidSignature(uint256 bountyId, address wallet, uint256 round);

    /// @notice Claim check: only `claimant` may claim; where it is the poster, no wallet may until the poster names one.
    error NotClaimant(uint256 bountyId, address wallet, address claimant);

    /// @notice The terms named no claimant, or the poster has opened the bounty to anyone.
    error NoClaimantNamed(uint256 bountyId);

    /// @notice A claimant was named `expected` times by now.
    error WrongNaming(uint256 bountyId, uint256 naming, uint256 expected);

    /// @notice Only a relayer may make an unsigned claim, and only a devnet has relayers.
    error NotRelayer(address caller);

    /// @notice Claim check: the registry has no such agent, or it could not answer, or the id has more than 40 bits,
    /// which no registry reaches.
    error AgentNotFound(uint256 agentId);

    /// @notice Claim check: the agent's wallet is `expected`.
    error NotAgentWallet(uint256 agentId, address wallet, address expected);

    /// @notice The bounty is not in a state from which this call may be made.
    error InvalidState(uint256 bountyId, State state);

    /// @notice The poster has closed the bounty already.
    error BountyIsClosing(uint256 bountyId);

    /// @notice Only the bounty's poster may make this call.
    error NotPoster(uint256 bountyId, address caller, address poster);

    /// @notice Only the bounty's evaluator may make this call, or sign it: the one that the terms name, else the poster.
    error NotEvaluator(uint256 bountyId, address caller, address evaluator);

    /// @notice Only the bounty's poster or its evaluator may make this call, or sign it.
    error NotPosterOrEvaluator(uint256 bountyId, address caller, address poster, address evaluator);

    /// @notice Only the wallet that claimed the bounty may make this call.
    error NotClaimingWallet(uint256 bountyId, address caller, address wallet);

    /// @notice The approval is not of the last delivery, which is that of revision `actual`.
    error WrongRevision(uint256 bountyId, uint256 revision, uint256 actual);

    /// @notice The reward must lie between MIN_REWARD and MAX_REWARD, and MAX_REWARD between MIN_REWARD and a billion USDC.
    error RewardOutOfRange(uint256 reward, uint256 minimum, uint256 maximum);

    /// @notice The deadline must be ahead, by at most MAX_DEADLINE.
    error DeadlineOutOfRange(uint256 deadline, uint256 earliest, uint256 latest);

    /// @notice A work period is 0 or whole hours between `minimum` and `maximum`. All in seconds.
    error InvalidWorkPeriod(uint256 workPeriod, uint256 minimum, uint256 maximum);

    /// @notice A claim puts at most the whole reward at risk.
    error StakePercentOutOfRange(uint256 stakePercent, uint256 maximum);

    /// @notice Strings hold 1 to 128 bytes.
    error InvalidStringLength(uint256 length, uint256 maximum);

    /// @notice After `reviewBy` the work can only be approved.
    error ReviewPeriodOver(uint256 bountyId, uint256 reviewBy, uint256 timestamp);

    /// @notice Until `reviewBy` only poster and evaluator may end the review.
    error ReviewPeriodNotOver(uint256 bountyId, uint256 reviewBy, uint256 timestamp);

    /// @notice The claim has had all its revisions.
    error NoRevisionsLeft(uint256 bountyId, uint256 revisions, uint256 maximum);

    /// @notice A poster that evaluates its own run may reject work only after MAX_REVISIONS.
    error RevisionsLeft(uint256 bountyId, uint256 revisions, uint256 maximum);

    /// @notice A claim can be abandoned until `submitBy`; then late work or a slash ends it.
    error SubmissionOverdue(uint256 bountyId, uint256 submitBy, uint256 timestamp);

    /// @notice The agent has time until `limit` before this caller may end its claim: until `submitBy` before the poster
    /// may, and where the run would be rejected its evaluator too; GRACE_PERIOD longer before anyone may.
    error SubmissionNotOverdue(uint256 bountyId, uint256 limit, uint256 timestamp);

    /// @notice The market owes `payee` nothing, or the treasury only the unit that stays.
    error NothingOwed(address payee);

    /// @notice No address given to the constructor may be zero, nor the poster of `postBountyFor`.
    error ZeroAddress();

    /// @notice The treasury must not be the market, its staking contract, USDC, the registry or BURN.
    error InvalidTreasury(address treasury);

    /// @notice The owner of the staking contract must not be any of these either.
    error InvalidStakingOwner(address stakingOwner);

    /// @notice A relayer may be named on a devnet only.
    error RelayersNotAllowed(uint256 chainId, uint256 allowedChainId);

    /// @notice The caller is this contract only: the frame in which `claimBatch` tries one item.
    error NotSelf(address caller);

    /// @notice What the treasury gets on top of the reward, in hundredths of a percent of it, rounded down: 5 %.
    function FEE_BPS() external view returns (uint256);

    /// @notice What a claim locks of the agent's stake by default, in hundredths of a percent of the reward, rounded down:
    /// 10 %, at most the staking contract's MIN_STAKE, but at least the fee.
    function LOCK_BPS() external view returns (uint256);

    /// @notice How long an agent has to deliver where the terms do not say, in seconds.
    function DEFAULT_WORK_PERIOD() external view returns (uint256);

    /// @notice How long an evaluator has to review a submission, in seconds.
    function REVIEW_PERIOD() external view returns (uint256);

    /// @notice How long after `submitBy` anyone may end an overdue claim, in seconds.
    function GRACE_PERIOD() external view returns (uint256);

    /// @notice How many revisions one claim may be asked for.
    function MAX_REVISIONS() external view returns (uint256);

    /// @notice The least reward: 0.01 USDC.
    function MIN_REWARD() external view returns (uint256);

    /// @notice The largest reward, set at deployment: at most a billion USDC.
    function MAX_REWARD() external view returns (uint256);

    /// @notice How far ahead a deadline may be, in seconds.
    function MAX_DEADLINE() external view returns (uint256);

    /// @notice Where forfeits go: an address without a key.
    function BURN() external view returns (address);

    /// @notice Whether `account` may claim without the wallet's signature. Set in the constructor, on chain 31337 only,
    /// and never changed.
    function isRelayer(address account) external view returns (bool);

    /// @notice The token in escrow.
    function USDC() external view returns (address);

    /// @notice The ERC-8004 registry. Only `getAgentWallet` and `ownerOf` are called.
    function REGISTRY() external view returns (address);

    /// @notice The contract that holds the agents' stake. Created by this one.
    function STAKING() external view returns (address);

    /// @notice Is owed the fee of every run that a party approves, and nothing else.
    function TREASURY() external view returns (address);

    /// @notice Creates a bounty in DRAFT, which costs nothing. Anyone; the caller is its poster.
    /// @dev Reverts with `InvalidStringLength`, `RewardOutOfRange`, `DeadlineOutOfRange`, `InvalidWorkPeriod` or
    /// `StakePercentOutOfRange`, in this order.
    /// @param ipfsHash What the work is, 1 to 128 bytes. Not read.
    /// @param reward What the agent gets, MIN_REWARD to MAX_REWARD.
    /// @param deadline The last second to be claimed, ahead by at most MAX_DEADLINE, and of 32 bits: the last is in 2106.
    /// @param terms All zero for the defaults. They never change, but for the claimant: see `nameClaimant`.
    /// @return bountyId From 1, without gaps.
    function createBounty(string calldata ipfsHash, uint256 reward, uint64 deadline, Terms calldata terms)
        external
        returns (uint256 bountyId);

    /// @notice DRAFT → OPEN: takes reward + fee from the poster, who has approved this contract. The poster, until the
    /// deadline.
    function fundBounty(uint256 bountyId) external;

    /// @notice `createBounty` and `fundBounty` in one.
    function postBounty(string calldata ipfsHash, uint256 reward, uint64 deadline, Terms calldata terms)
        external
        returns (uint256 bountyId);

    /// @notice `postBounty` for `poster` by anyone, who pays. All refunds go to `poster`.
    /// @dev Reverts with `ZeroAddress`, or as `postBounty` does.
    function postBountyFor(
        address poster,
        string calldata ipfsHash,
        uint256 reward,
        uint64 deadline,
        Terms calldata terms
    ) external returns (uint256 bountyId);

    /// @notice OPEN → DRAFT: pays reward + fee back to the poster. Anyone, once the deadline has passed.
    function expireBounty(uint256 bountyId) external;

    /// @notice Takes the escrow back, now or once the claim is lost. The poster, at any time. OPEN → DRAFT: pays reward + fee
    /// back; a signed claim outlives it, and holds again once the bounty is funded again, for the same work and reward. In
    /// CLAIMED or IN_PROGRESS, once: the state stays, and the bounty is `closing`: a slash or an abandonment then makes it a DRAFT, with
    /// reward + fee back to the poster. So no agent can keep the escrow by abandoning and claiming again, before this call
    /// or after it. The claim itself continues as before.
    /// @dev Reverts with `InvalidState`, `NotPoster` or `BountyIsClosing`.
    function closeBounty(uint256 bountyId) external;

    /// @notice `closeBounty` by anyone, with a signature of the poster. It holds until its deadline, also for a bounty that
    /// has been funded again.
    /// @param deadline Last second at which the signature holds, at most an hour ahead.
    /// @param signature As of `claimBountyWithSig`, by the poster, over `CloseBounty(uint256 bountyId,address poster,uint256
    /// deadline)`.
    function closeBountyWithSig(uint256 bountyId, uint256 deadline, bytes calldata signature) external;

    /// @notice Names the only wallet that may claim, in OPEN, where the terms named one. The poster. Zero opens the bounty to
    /// anyone, for good; the poster's own address closes it to all until a wallet is named.
    /// @dev Reverts with `NoClaimantNamed`. A claim that is already made continues.
    function nameClaimant(uint256 bountyId, address claimant) external;

    /// @notice `nameClaimant` by anyone, with a signature of the poster, which names once.
    /// @dev Reverts with `WrongNaming` after the signature's errors.
    /// @param naming How often a claimant was named before: `namings` of the bounty.
    /// @param deadline Last second at which the signature holds, at most an hour ahead.
    /// @param signature As of `claimBountyWithSig`, by the poster, over `NameClaimant(uint256 bountyId,address poster,uint256
    /// naming,address claimant,uint256 deadline)`.
    function nameClaimantWithSig(
        uint256 bountyId,
        address claimant,
        uint256 naming,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice OPEN → CLAIMED, until the deadline. The agent's wallet: `getAgentWallet`, or the agent's owner where that
    /// is zero.
    /// @dev Locks the bounty's `stake`, under the checks and errors of `IAgentStaking.checkLock`.
    function claimBounty(uint256 bountyId, uint256 agentId) external;

    /// @notice `claimBounty` by anyone, with a signature of the agent's wallet, which cannot be taken back.
    /// @dev The text of the work is not signed: sign for a bounty that is final.
    /// @param deadline Last second at which the signature holds, at most an hour ahead.
    /// @param signature EIP-712 by `wallet`, domain `BountyMarket` / `1`, over `Claim(uint256 bountyId,uint256 agentId,
    /// address wallet,uint256 round,uint256 reward,uint256 stake,uint256 workPeriod,address evaluator,uint256 deadline)`,
    /// where `round` is the number that the claim will get, the bounty's current `round` + 1, and `stake`, `workPeriod` and
    /// `evaluator` are as `getBounty` shows them. 65 bytes of ECDSA with low s, else ERC-1271 with 1 to 8192 bytes.
    function claimBountyWithSig(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice `claimBounty` for an agent without its wallet's signature. A devnet's relayer only.
    function claimBountyFor(uint256 bountyId, uint256 agentId, address wallet) external;

    /// @notice Tries many claims, each alone: one that fails emits `ClaimRefused` and never fails another. Anyone.
    /// @dev Each may use 250,000 gas, which leaves an ERC-1271 wallet 100,000 to check its signature: one that needs more is
    /// refused with an empty reason. Each is tried only if it can have all of it. The first for which too little is left
    /// ends the batch: it and all after it are UNTRIED, and they emit nothing.
    /// @return results The result of each claim, in the order given.
    function claimBatch(Claim[] calldata claims) external returns (ItemResult[] memory results);

    /// @notice One item of `claimBatch`, called by this contract only, so that a failed item can be reverted alone.
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

    /// @notice `startWork` by anyone, with a signature of the claiming wallet.
    /// @param deadline Last second at which the signature holds, as far ahead as the wallet likes.
    /// @param signature As of `claimBountyWithSig`, over `StartWork(uint256 bountyId,address wallet,uint256 round,uint256
    /// deadline)`, with the bounty's current `round`.
    function startWorkWithSig(uint256 bountyId, uint256 deadline, bytes calldata signature) external;

    /// @notice CLAIMED, IN_PROGRESS or REVISION_REQUESTED → SUBMITTED. The claiming wallet, also when it is late, until
    /// its claim is ended.
    /// @dev Names no revision, so a call that waits while a revision is requested answers the request. A signed delivery
    /// names it.
    /// @param deliverableHash Where the work is, 1 to 128 bytes. Not read.
    function submitWork(uint256 bountyId, string calldata deliverableHash) external;

    /// @notice `submitWork` by anyone, with a signature of the claiming wallet.
    /// @param deadline Last second at which the signature holds, as far ahead as the wallet likes.
    /// @param signature As of `claimBountyWithSig`, over `SubmitWork(uint256 bountyId,address wallet,uint256 round,uint256
    /// revision,string deliverableHash,uint256 deadline)`, with the bounty's current `round` and, as `revision`, its
    /// current `revisions`.
    function submitWorkWithSig(
        uint256 bountyId,
        string calldata deliverableHash,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Abandons the claim, which burns its stake and does not freeze the agent. The claiming wallet.
    /// CLAIMED or IN_PROGRESS, until `submitBy` → OPEN, or → DRAFT with reward + fee back to the poster where the deadline has
    /// passed or the bounty is closing.
    /// REVISION_REQUESTED → REJECTED, as `rejectOverdue`, because work was delivered.
    function abandonClaim(uint256 bountyId) external;

    /// @notice `abandonClaim` by anyone, with a signature of the claiming wallet.
    /// @param deadline Last second at which the signature holds, as far ahead as the wallet likes.
    /// @param signature As of `claimBountyWithSig`, over `AbandonClaim(uint256 bountyId,address wallet,uint256 round,uint256
    /// revision,uint256 deadline)`, with the bounty's current `round` and, as `revision`, its current `revisions`.
    function abandonClaimWithSig(uint256 bountyId, uint256 deadline, bytes calldata signature) external;

    /// @notice SUBMITTED → REVISION_REQUESTED. The evaluator, within REVIEW_PERIOD of the submission, MAX_REVISIONS times
    /// a claim.
    /// @param feedbackHash What is missing, 1 to 128 bytes. Not read.
    function requestRevision(uint256 bountyId, string calldata feedbackHash) external;

    /// @notice `requestRevision` by anyone, with a signature of the evaluator.
    /// @param signer The evaluator: the poster where the terms name none.
    /// @param deadline Last second at which the signature holds, as far ahead as the signer likes.
    /// @param signature As of `claimBountyWithSig`, by `signer`, over `RequestRevision(uint256 bountyId,address signer,uint256
    /// round,uint256 revision,string feedbackHash,uint256 deadline)`, with the bounty's current `round` and, as `revision`,
    /// its current `revisions`.
    function requestRevisionWithSig(
        uint256 bountyId,
        string calldata feedbackHash,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice SUBMITTED or REVISION_REQUESTED → APPROVED: pays the reward to the claiming wallet, owes the fee to the
    /// treasury, and releases the agent's locked stake. The poster or the evaluator, at any time.
    /// @param revision That of the last delivery: the bounty's `revisions`, in REVISION_REQUESTED one less. Any other
    /// reverts with `WrongRevision`, so that an approval never pays for a delivery that came after it.
    function approveWork(uint256 bountyId, uint8 revision) external;

    /// @notice `approveWork` by anyone, with a signature of poster or evaluator.
    /// @param signer The poster or the evaluator.
    /// @param deadline Last second at which the signature holds, as far ahead as the signer likes.
    /// @param signature As of `claimBountyWithSig`, by `signer`, over `ApproveWork(uint256 bountyId,address signer,uint256
    /// round,uint256 revision,uint256 deadline)`, with the bounty's current `round`.
    function approveWorkWithSig(
        uint256 bountyId,
        uint8 revision,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice SUBMITTED → REJECTED: pays the reward back to the poster, and burns the fee and the agent's stake, so that
    /// no party gains by it. The agent is not frozen. The evaluator, within REVIEW_PERIOD of the submission; a poster that
    /// evaluates its own run only after MAX_REVISIONS.
    function rejectWork(uint256 bountyId) external;

    /// @notice `rejectWork` by anyone, with a signature of the evaluator.
    /// @param signer The evaluator: the poster where the terms name none.
    /// @param deadline Last second at which the signature holds, as far ahead as the signer likes.
    /// @param signature As of `claimBountyWithSig`, by `signer`, over `RejectWork(uint256 bountyId,address signer,uint256
    /// round,uint256 revision,uint256 deadline)`, with the bounty's current `round` and, as `revision`, its current
    /// `revisions`.
    function rejectWorkWithSig(uint256 bountyId, address signer, uint256 deadline, bytes calldata signature) external;

    /// @notice REVISION_REQUESTED → REJECTED, as `rejectWork`. Poster or evaluator once `submitBy` has passed, anyone
    /// GRACE_PERIOD later.
    function rejectOverdue(uint256 bountyId) external;

    /// @notice `approveWork` by anyone, once REVIEW_PERIOD has passed since the submission. The fee is burned.
    function finalizeReview(uint256 bountyId) external;

    /// @notice CLAIMED or IN_PROGRESS → OPEN, or → DRAFT with reward + fee back to the poster where the deadline has
    /// passed or the bounty is closing: burns the agent's stake and freezes the agent. The poster once `submitBy` has passed,
    /// anyone GRACE_PERIOD later.
    function slashExpired(uint256 bountyId) external;

    /// @notice Pays `payee` everything that the market owes it; the treasury, all but one unit. Anyone. For BURN, that
    /// includes lost stake that is still in the staking contract.
    /// @dev Reverts with `NothingOwed`, or with USDC's own error while USDC still refuses.
    function collect(address payee) external;

    /// @notice The bounty; all zero, and so in state NONE, if there is none.
    function getBounty(uint256 bountyId) external view returns (Bounty memory);

    /// @notice How many bounties were created, which is also the last one's id.
    function bountyCount() external view returns (uint256);

    /// @notice What the market owes `payee`. `collect` pays it, and leaves one unit of the treasury's.
    function owed(address payee) external view returns (uint256);

    /// @notice Reverts exactly as `claimBounty` by `wallet` would, in the order: found, OPEN, deadline, claimant, agent found,
    /// wallet, banned, frozen, staked, unlocked. A signed claim checks its signature after the deadline.
    function checkClaim(uint256 bountyId, uint256 agentId, address wallet) external view;
}
