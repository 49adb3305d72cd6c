// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IBountyMarket
/// @notice Escrows USDC for runs (bounties) and moves each through its life. No owner, no pause, no upgrade.
/// All amounts are USDC base units (6 decimals), all times are block timestamps in seconds.
/// @dev Trusts: USDC not to lie about transfers; the registry for who an agent's wallet is, at the claim only. Where
/// the registry is the canonical ERC-8004 deployment, its owner can upgrade it, and so could name any wallet for any
/// agent in new claims. Live runs never consult it.
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

    /// @notice A bounty as stored, in three slots. Fee and lock are functions of the reward.
    struct Bounty {
        address poster;
        uint96 reward;
        /// The claiming wallet, which works and is paid; zero while unclaimed.
        address wallet;
        uint40 deadline;
        /// When the current wait began: claim or revision request (delivery is due), submission (review is due).
        uint40 since;
        State state;
        uint8 revisions;
        uint224 agentId;
        /// How many times the bounty was claimed.
        uint32 round;
    }

    /// @notice One item of `claimBatch`.
    struct Claim {
        uint256 bountyId;
        uint256 agentId;
        address wallet;
        uint256 deadline;
        /// Empty asks for a claim in the caller's RELAYER_ROLE.
        bytes signature;
    }

    event BountyCreated(
        uint256 indexed bountyId,
        address indexed poster,
        string ipfsHash,
        uint256 reward,
        uint256 fee,
        uint64 deadline
    );
    /// @notice `amount` is reward + fee.
    event BountyFunded(uint256 indexed bountyId, address indexed poster, uint256 amount);
    /// @notice `amount` is reward + fee.
    event BountyWithdrawn(uint256 indexed bountyId, address indexed poster, uint256 amount);
    /// @notice `stake` is what the claim locked; `round` counts the claims of this bounty, from 1.
    event BountyClaimed(
        uint256 indexed bountyId,
        uint256 indexed agentId,
        address indexed wallet,
        uint256 stake,
        uint256 round,
        uint64 submitBy
    );
    /// @notice An item of `claimBatch` failed; `reason` is the revert data of the claim.
    event ClaimRefused(uint256 indexed bountyId, uint256 indexed agentId, address indexed wallet, bytes reason);
    event WorkStarted(uint256 indexed bountyId, uint256 indexed agentId);
    event WorkSubmitted(uint256 indexed bountyId, uint256 indexed agentId, string deliverableHash, uint64 reviewBy);
    /// @notice `revision` counts the requests of this claim, from 1.
    event RevisionRequested(
        uint256 indexed bountyId, uint256 indexed agentId, string feedbackHash, uint256 revision, uint64 submitBy
    );
    event BountyApproved(
        uint256 indexed bountyId,
        uint256 indexed agentId,
        address indexed wallet,
        uint256 reward,
        uint256 fee,
        bool byTimeout
    );
    event BountyRejected(uint256 indexed bountyId, uint256 indexed agentId, address indexed poster, uint256 refund);
    event ClaimSlashed(uint256 indexed bountyId, uint256 indexed agentId, address indexed poster, uint256 stake);
    /// @notice `payee` could not be paid; the market owes it `amount` more.
    event PaymentDeferred(address indexed payee, uint256 amount);
    event PaymentCollected(address indexed payee, uint256 amount);

    error BountyNotFound(uint256 bountyId);
    error BountyNotOpen(uint256 bountyId, State state);
    error BountyDeadlinePassed(uint256 bountyId, uint256 deadline, uint256 timestamp);
    error SignatureExpired(uint256 deadline, uint256 timestamp);
    error SignatureTooLong(uint256 deadline, uint256 latest);
    error InvalidSignature(uint256 bountyId, address wallet, uint256 round);
    error AgentNotFound(uint256 agentId);
    error NotAgentWallet(uint256 agentId, address wallet, address expected);

    /// @notice The bounty is not in a state from which this call may be made.
    error InvalidState(uint256 bountyId, State state);
    error NotPoster(uint256 bountyId, address caller, address poster);
    error NotClaimingWallet(uint256 bountyId, address caller, address wallet);
    error RewardOutOfRange(uint256 reward, uint256 minimum, uint256 maximum);
    /// @notice The deadline must be ahead, by at most MAX_DEADLINE.
    error DeadlineOutOfRange(uint256 deadline, uint256 earliest, uint256 latest);
    /// @notice Strings hold 1 to 128 bytes.
    error InvalidStringLength(uint256 length, uint256 maximum);
    error ReviewPeriodOver(uint256 bountyId, uint256 reviewBy, uint256 timestamp);
    error ReviewPeriodNotOver(uint256 bountyId, uint256 reviewBy, uint256 timestamp);
    error NoRevisionsLeft(uint256 bountyId, uint256 revisions, uint256 maximum);
    /// @notice Work may be rejected only after MAX_REVISIONS.
    error RevisionsLeft(uint256 bountyId, uint256 revisions, uint256 maximum);
    error SubmissionNotOverdue(uint256 bountyId, uint256 submitBy, uint256 timestamp);
    error NothingOwed(address payee);
    error ZeroAddress();
    /// @notice A relayer may be named on a devnet only.
    error RelayersNotAllowed(uint256 chainId, uint256 allowedChainId);
    /// @notice The caller is this contract only: the frame in which `claimBatch` tries one item.
    error NotSelf(address caller);

    function FEE_BPS() external view returns (uint256);
    function LOCK_BPS() external view returns (uint256);
    function CLAIM_TIMEOUT() external view returns (uint256);
    function REVIEW_PERIOD() external view returns (uint256);
    function MAX_REVISIONS() external view returns (uint256);
    function MIN_REWARD() external view returns (uint256);
    function MAX_REWARD() external view returns (uint256);
    function MAX_DEADLINE() external view returns (uint256);
    /// @notice May claim without the wallet's signature. Granted in the constructor, on chain 31337 only; no admin.
    function RELAYER_ROLE() external view returns (bytes32);
    function USDC() external view returns (address);
    function REGISTRY() external view returns (address);
    function STAKING() external view returns (address);
    function TREASURY() external view returns (address);

    function createBounty(string calldata ipfsHash, uint256 reward, uint64 deadline)
        external
        returns (uint256 bountyId);
    function fundBounty(uint256 bountyId) external;
    function postBounty(string calldata ipfsHash, uint256 reward, uint64 deadline) external returns (uint256 bountyId);
    function withdrawBounty(uint256 bountyId) external;

    function claimBounty(uint256 bountyId, uint256 agentId) external;
    function claimBountyWithSig(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 deadline,
        bytes calldata signature
    ) external;
    function claimBountyFor(uint256 bountyId, uint256 agentId, address wallet) external;
    function claimBatch(Claim[] calldata claims) external returns (bool[] memory results);

    function claimInBatch(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 deadline,
        bytes calldata signature,
        address caller
    ) external;

    function startWork(uint256 bountyId) external;
    function submitWork(uint256 bountyId, string calldata deliverableHash) external;
    function requestRevision(uint256 bountyId, string calldata feedbackHash) external;
    function approveWork(uint256 bountyId) external;
    function rejectWork(uint256 bountyId) external;
    function finalizeReview(uint256 bountyId) external;
    function slashExpired(uint256 bountyId) external;
    function slashAndWithdraw(uint256 bountyId) external;
    function collect(address payee) external;

    function getBounty(uint256 bountyId) external view returns (Bounty memory);
    function bountyCount() external view returns (uint256);
    function owed(address payee) external view returns (uint256);
    function checkClaim(uint256 bountyId, uint256 agentId, address wallet) external view;
}
