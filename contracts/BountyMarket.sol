// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {AgentStaking} from "./AgentStaking.sol";
import {AgentWallets} from "./AgentWallets.sol";
import {Bounties} from "./Bounties.sol";
import {ClaimSignatures} from "./ClaimSignatures.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title BountyMarket
/// @notice Escrows USDC for runs and moves each through its life.
/// @dev Every function checks, writes, emits, and only then calls out. It needs no reentrancy guard: USDC and
/// AgentStaking call nobody back, and registry and ERC-1271 wallets are asked by staticcall, before anything is written.
contract BountyMarket is Bounties, ClaimSignatures, AccessControl {
    using SafeERC20 for IERC20;

    /// @inheritdoc IBountyMarket
    bytes32 public constant RELAYER_ROLE = keccak256("RELAYER_ROLE");

    uint256 private constant DEVNET_CHAIN_ID = 31_337;

    /// @dev What one item of a batch may use. A claim takes less than 100k with everything cold; the rest is for an
    /// ERC-1271 wallet to check its signature.
    uint256 private constant ITEM_GAS = 250_000;
    /// @dev What must be left for an item to be tried. The surplus lets it have all of ITEM_GAS, for a call passes on at
    /// most 63/64 of what is left, and pays for copying it and for its ClaimRefused.
    uint256 private constant ITEM_GAS_NEEDED = ITEM_GAS + 20_000;
    /// @dev What returning one result costs, kept back for each.
    uint256 private constant RESULT_GAS = 200;

    /// @inheritdoc IBountyMarket
    address public immutable USDC;
    /// @inheritdoc IBountyMarket
    address public immutable REGISTRY;
    /// @inheritdoc IBountyMarket
    address public immutable STAKING;
    /// @inheritdoc IBountyMarket
    address public immutable TREASURY;

    /// @dev The least stake of a claimer, so that it covers any one run.
    uint256 private immutable MAX_LOCK;

    /// @inheritdoc IBountyMarket
    mapping(address payee => uint256) public owed;

    constructor(address usdc, address registry, address treasury, address stakingOwner, address[] memory relayers) {
        // AgentStaking refuses a zero `usdc` and `registry`, with the same error.
        require(treasury != address(0) && stakingOwner != address(0), ZeroAddress());
        require(
            relayers.length == 0 || block.chainid == DEVNET_CHAIN_ID, RelayersNotAllowed(block.chainid, DEVNET_CHAIN_ID)
        );

        AgentStaking staking = new AgentStaking(usdc, registry, stakingOwner);
        USDC = usdc;
        REGISTRY = registry;
        TREASURY = treasury;
        STAKING = address(staking);
        MAX_LOCK = staking.MIN_STAKE();

        // The role's admin is DEFAULT_ADMIN_ROLE, which nobody holds: no relayer is ever named again.
        for (uint256 i = 0; i < relayers.length; ++i) {
            require(relayers[i] != address(0), ZeroAddress());
            _grantRole(RELAYER_ROLE, relayers[i]);
        }
    }

    /// @inheritdoc IBountyMarket
    function createBounty(string calldata ipfsHash, uint256 reward, uint64 deadline)
        external
        returns (uint256 bountyId)
    {
        return _create(ipfsHash, reward, deadline, true);
    }

    /// @inheritdoc IBountyMarket
    function postBounty(string calldata ipfsHash, uint256 reward, uint64 deadline) external returns (uint256 bountyId) {
        bountyId = _create(ipfsHash, reward, deadline, false);
        _pullEscrow(bountyId, reward);
    }

    /// @inheritdoc IBountyMarket
    function fundBounty(uint256 bountyId) external {
        StoredBounty storage bounty = _ownBounty(bountyId, State.DRAFT);
        _requireBeforeDeadline(bountyId, bounty.deadline);

        bounty.state = STORED_OPEN;
        _pullEscrow(bountyId, bounty.reward);
    }

    /// @inheritdoc IBountyMarket
    function withdrawBounty(uint256 bountyId) external {
        StoredBounty storage bounty = _ownBounty(bountyId, State.OPEN);

        uint256 escrow = _escrowOf(bounty.reward);

        bounty.state = State.DRAFT;
        emit BountyWithdrawn(bountyId, msg.sender, escrow);
        IERC20(USDC).safeTransfer(msg.sender, escrow);
    }

    /// @inheritdoc IBountyMarket
    function claimBounty(uint256 bountyId, uint256 agentId) external {
        _claim(_claimable(bountyId), bountyId, agentId, msg.sender);
    }

    /// @inheritdoc IBountyMarket
    function claimBountyWithSig(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _claimSigned(bountyId, agentId, wallet, deadline, signature);
    }

    /// @inheritdoc IBountyMarket
    function claimBountyFor(uint256 bountyId, uint256 agentId, address wallet) external onlyRole(RELAYER_ROLE) {
        _claim(_claimable(bountyId), bountyId, agentId, wallet);
    }

    /// @inheritdoc IBountyMarket
    function claimBatch(Claim[] calldata claims) external returns (bool[] memory results) {
        results = new bool[](claims.length);
        uint256 gasNeeded = ITEM_GAS_NEEDED + claims.length * RESULT_GAS;
        for (uint256 i = 0; i < claims.length && gasleft() >= gasNeeded; ++i) {
            Claim calldata item = claims[i];
            bytes calldata signature = item.signature;
            // Refused all the same when cut to one byte too many, and at a bounded cost.
            if (signature.length > MAX_SIGNATURE_LENGTH) signature = signature[:MAX_SIGNATURE_LENGTH + 1];

            // The reason is short: it is an error of ours, for a claim passes on nobody else's.
            try this.claimInBatch{gas: ITEM_GAS}(
                item.bountyId, item.agentId, item.wallet, item.deadline, signature, msg.sender
            ) {
                results[i] = true;
            } catch (bytes memory reason) {
                emit ClaimRefused(item.bountyId, item.agentId, item.wallet, reason);
            }
        }
    }

    /// @inheritdoc IBountyMarket
    function claimInBatch(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 deadline,
        bytes calldata signature,
        address caller
    ) external {
        require(msg.sender == address(this), NotSelf(msg.sender));

        if (signature.length == 0) {
            _checkRole(RELAYER_ROLE, caller);
            _claim(_claimable(bountyId), bountyId, agentId, wallet);
        } else {
            _claimSigned(bountyId, agentId, wallet, deadline, signature);
        }
    }

    /// @inheritdoc IBountyMarket
    function startWork(uint256 bountyId) external {
        StoredBounty storage bounty = _bounties[bountyId];
        _requireState(bountyId, _stateOf(bounty), State.CLAIMED);
        _requireClaimingWallet(bounty, bountyId);

        bounty.state = State.IN_PROGRESS;
        emit WorkStarted(bountyId, bounty.agentId);
    }

    /// @inheritdoc IBountyMarket
    function submitWork(uint256 bountyId, string calldata deliverableHash) external {
        StoredBounty storage bounty = _bounties[bountyId];
        _requireAwaitingWork(bountyId, _stateOf(bounty));
        _requireClaimingWallet(bounty, bountyId);
        _requireString(deliverableHash);

        bounty.state = State.SUBMITTED;
        bounty.since = uint40(block.timestamp);
        emit WorkSubmitted(bountyId, bounty.agentId, deliverableHash, _secondsAhead(REVIEW_PERIOD));
    }

    /// @inheritdoc IBountyMarket
    function requestRevision(uint256 bountyId, string calldata feedbackHash) external {
        StoredBounty storage bounty = _ownBounty(bountyId, State.SUBMITTED);
        _requireInReview(bountyId, bounty.since);
        uint8 revisions = bounty.revisions;
        require(revisions < MAX_REVISIONS, NoRevisionsLeft(bountyId, revisions, MAX_REVISIONS));
        _requireString(feedbackHash);

        bounty.state = State.REVISION_REQUESTED;
        bounty.since = uint40(block.timestamp);
        bounty.revisions = ++revisions;
        emit RevisionRequested(bountyId, bounty.agentId, feedbackHash, revisions, _secondsAhead(CLAIM_TIMEOUT));
    }

    /// @inheritdoc IBountyMarket
    function approveWork(uint256 bountyId) external {
        _approve(_ownBounty(bountyId, State.SUBMITTED), bountyId, false);
    }

    /// @inheritdoc IBountyMarket
    function finalizeReview(uint256 bountyId) external {
        StoredBounty storage bounty = _bounties[bountyId];
        _requireState(bountyId, _stateOf(bounty), State.SUBMITTED);
        uint256 reviewBy = bounty.since + REVIEW_PERIOD;
        require(block.timestamp > reviewBy, ReviewPeriodNotOver(bountyId, reviewBy, block.timestamp));

        _approve(bounty, bountyId, true);
    }

    /// @inheritdoc IBountyMarket
    function rejectWork(uint256 bountyId) external {
        StoredBounty storage bounty = _ownBounty(bountyId, State.SUBMITTED);
        _requireInReview(bountyId, bounty.since);
        uint256 revisions = bounty.revisions;
        require(revisions >= MAX_REVISIONS, RevisionsLeft(bountyId, revisions, MAX_REVISIONS));
        (uint256 agentId, uint256 reward) = (bounty.agentId, bounty.reward);
        uint256 stake = _lockOf(reward);

        bounty.state = State.REJECTED;
        emit BountyRejected(bountyId, agentId, msg.sender, reward);

        AgentStaking(STAKING).forfeit(agentId, bountyId, stake);
        IERC20(USDC).safeTransfer(msg.sender, reward);
        _pay(TREASURY, _feeOf(reward) + stake);
    }

    /// @inheritdoc IBountyMarket
    function slashExpired(uint256 bountyId) external {
        (uint256 agentId, uint256 reward) = _expire(bountyId, STORED_OPEN);

        AgentStaking(STAKING).slash(agentId, bountyId, _lockOf(reward), msg.sender);
    }

    /// @inheritdoc IBountyMarket
    function slashAndWithdraw(uint256 bountyId) external {
        (uint256 agentId, uint256 reward) = _expire(bountyId, State.DRAFT);
        uint256 escrow = _escrowOf(reward);
        emit BountyWithdrawn(bountyId, msg.sender, escrow);

        AgentStaking(STAKING).slash(agentId, bountyId, _lockOf(reward), msg.sender);
        IERC20(USDC).safeTransfer(msg.sender, escrow);
    }

    /// @inheritdoc IBountyMarket
    function collect(address payee) external {
        uint256 amount = owed[payee];
        require(amount > 0, NothingOwed(payee));

        owed[payee] = 0;
        emit PaymentCollected(payee, amount);
        IERC20(USDC).safeTransfer(payee, amount);
    }

    /// @inheritdoc IBountyMarket
    function checkClaim(uint256 bountyId, uint256 agentId, address wallet) external view {
        StoredBounty storage bounty = _claimable(bountyId);
        _requireAgentWallet(agentId, wallet);
        AgentStaking(STAKING).checkLock(agentId, _lockOf(bounty.reward));
    }

    function _create(string calldata ipfsHash, uint256 reward, uint64 deadline, bool isDraft)
        private
        returns (uint256 bountyId)
    {
        _requireString(ipfsHash);
        require(reward >= MIN_REWARD && reward <= MAX_REWARD, RewardOutOfRange(reward, MIN_REWARD, MAX_REWARD));
        uint256 latest = Math.min(block.timestamp + MAX_DEADLINE, type(uint32).max);
        require(
            deadline > block.timestamp && deadline <= latest, DeadlineOutOfRange(deadline, block.timestamp + 1, latest)
        );

        bountyId = ++bountyCount;
        StoredBounty storage bounty = _bounties[bountyId];
        bounty.poster = msg.sender;
        // Casting is safe because both were just bounded.
        // forge-lint: disable-next-line(unsafe-typecast)
        (bounty.reward, bounty.deadline) = (uint56(reward), uint32(deadline));
        if (isDraft) bounty.state = State.DRAFT;
        emit BountyCreated(bountyId, msg.sender, ipfsHash, reward, _feeOf(reward), deadline);
    }

    function _pullEscrow(uint256 bountyId, uint256 reward) private {
        uint256 escrow = _escrowOf(reward);
        emit BountyFunded(bountyId, msg.sender, escrow);
        IERC20(USDC).safeTransferFrom(msg.sender, address(this), escrow);
    }

    function _claimSigned(uint256 bountyId, uint256 agentId, address wallet, uint256 deadline, bytes calldata signature)
        private
    {
        StoredBounty storage bounty = _claimable(bountyId);
        _requireSignature(bountyId, agentId, wallet, _roundOf(bounty), deadline, signature);
        _claim(bounty, bountyId, agentId, wallet);
    }

    function _claim(StoredBounty storage bounty, uint256 bountyId, uint256 agentId, address wallet) private {
        _requireAgentWallet(agentId, wallet);
        uint256 stake = _lockOf(bounty.reward);

        bounty.wallet = wallet;
        bounty.since = uint40(block.timestamp);
        bounty.state = State.CLAIMED;
        // Casting is safe because `_requireAgentWallet` refuses a larger id.
        // forge-lint: disable-next-line(unsafe-typecast)
        bounty.agentId = uint40(agentId);
        emit BountyClaimed(bountyId, agentId, wallet, stake, _roundOf(bounty), _secondsAhead(CLAIM_TIMEOUT));

        AgentStaking(STAKING).lock(agentId, bountyId, stake);
    }

    function _approve(StoredBounty storage bounty, uint256 bountyId, bool byTimeout) private {
        (uint256 agentId, address wallet, uint256 reward) = (bounty.agentId, bounty.wallet, bounty.reward);
        uint256 fee = _feeOf(reward);

        bounty.state = State.APPROVED;
        emit BountyApproved(bountyId, agentId, wallet, reward, fee, byTimeout);

        AgentStaking(STAKING).release(agentId, bountyId, _lockOf(reward), reward);
        _pay(wallet, reward);
        _pay(TREASURY, fee);
    }

    /// @dev Ends the claim that was not delivered in time. The caller then slashes the agent.
    function _expire(uint256 bountyId, State next) private returns (uint256 agentId, uint256 reward) {
        StoredBounty storage bounty = _bounties[bountyId];
        _requireAwaitingWork(bountyId, _stateOf(bounty));
        _requirePoster(bounty, bountyId);
        uint256 submitBy = bounty.since + CLAIM_TIMEOUT;
        require(block.timestamp > submitBy, SubmissionNotOverdue(bountyId, submitBy, block.timestamp));
        (agentId, reward) = (bounty.agentId, bounty.reward);

        bounty.wallet = address(0);
        bounty.since = 0;
        bounty.state = next;
        bounty.slashes += 1;
        bounty.revisions = 0;
        bounty.agentId = 0;
        emit ClaimSlashed(bountyId, agentId, msg.sender, _lockOf(reward));
    }

    /// @dev USDC can blacklist an address; what it refuses is owed, so that one payee never stops another. A transfer
    /// starved of gas on purpose leaves a 63rd of what it had, too little to write the debt: all of it reverts.
    function _pay(address payee, uint256 amount) private {
        if (IERC20(USDC).trySafeTransfer(payee, amount)) return;
        owed[payee] += amount;
        emit PaymentDeferred(payee, amount);
    }

    function _requireAgentWallet(uint256 agentId, address wallet) private view {
        // No registry counts this far, so an id that does not fit the bounty is one that nobody has.
        require(agentId <= type(uint40).max, AgentNotFound(agentId));
        address expected = AgentWallets.walletOf(REGISTRY, agentId);
        require(expected != address(0), AgentNotFound(agentId));
        require(wallet == expected, NotAgentWallet(agentId, wallet, expected));
    }

    function _lockOf(uint256 reward) private view returns (uint256) {
        return Math.min(_shareOf(reward, LOCK_BPS), MAX_LOCK);
    }
}
