// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentStaking} from "./AgentStaking.sol";
import {AgentWallets} from "./AgentWallets.sol";
import {Bounties} from "./Bounties.sol";
import {Escrow} from "./Escrow.sol";
import {RunSignatures} from "./RunSignatures.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title BountyMarket
/// @notice Escrows USDC for runs and moves each through its life.
/// @dev Every function checks, writes, emits, and only then calls other contracts. It needs no reentrancy guard: USDC
/// and AgentStaking call no other contract, and registry and ERC-1271 wallets are called by staticcall before any
/// write.
contract BountyMarket is Bounties, Escrow, RunSignatures {
    uint256 private constant DEVNET_CHAIN_ID = 31_337;

    /// @dev The gas that one item of a batch may use. A claim takes less than 100k with everything cold; the rest is
    /// for an ERC-1271 wallet to check its signature.
    uint256 private constant ITEM_GAS = 250_000;
    /// @dev The gas that must be left to try an item. The surplus lets the item have all of ITEM_GAS, because a call
    /// passes on at most 63/64 of the gas left, and pays for copying the item and for its ClaimRefused.
    uint256 private constant ITEM_GAS_NEEDED = ITEM_GAS + 20_000;
    /// @dev The gas for returning one result, reserved for each.
    uint256 private constant RESULT_GAS = 200;

    /// @inheritdoc IBountyMarket
    address public immutable REGISTRY;

    /// @inheritdoc IBountyMarket
    mapping(address account => bool) public isRelayer;

    constructor(address usdc, address registry, address treasury, address stakingOwner, address[] memory relayers)
        Escrow(usdc, registry, treasury, stakingOwner)
    {
        require(
            relayers.length == 0 || block.chainid == DEVNET_CHAIN_ID, RelayersNotAllowed(block.chainid, DEVNET_CHAIN_ID)
        );
        REGISTRY = registry;
        for (uint256 i = 0; i < relayers.length; ++i) {
            require(relayers[i] != address(0), ZeroAddress());
            isRelayer[relayers[i]] = true;
        }
    }

    /// @inheritdoc IBountyMarket
    function createBounty(string calldata ipfsHash, uint256 reward, uint64 deadline, Terms calldata terms)
        external
        returns (uint256 bountyId)
    {
        return _create(ipfsHash, reward, deadline, terms, State.DRAFT);
    }

    /// @inheritdoc IBountyMarket
    function postBounty(string calldata ipfsHash, uint256 reward, uint64 deadline, Terms calldata terms)
        external
        returns (uint256 bountyId)
    {
        bountyId = _create(ipfsHash, reward, deadline, terms, State.OPEN);
        _fund(bountyId, reward);
    }

    /// @inheritdoc IBountyMarket
    function fundBounty(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.DRAFT);
        _requirePoster(bountyId, bounty);
        _requireBeforeDeadline(bountyId, bounty.deadline);

        _setState(bounty, State.OPEN);
        _fund(bountyId, bounty.reward);
    }

    /// @inheritdoc IBountyMarket
    function withdrawBounty(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.OPEN);
        _requirePoster(bountyId, bounty);

        bounty.state = State.DRAFT;
        _withdraw(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function expireBounty(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.OPEN);
        uint256 deadline = bounty.deadline;
        require(block.timestamp > deadline, BountyDeadlineNotPassed(bountyId, deadline, block.timestamp));

        bounty.state = State.DRAFT;
        _withdraw(bountyId, bounty);
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
    function claimBountyFor(uint256 bountyId, uint256 agentId, address wallet) external {
        _claimUnsigned(bountyId, agentId, wallet, msg.sender);
    }

    /// @inheritdoc IBountyMarket
    function claimBatch(Claim[] calldata claims) external returns (ItemResult[] memory results) {
        results = new ItemResult[](claims.length);
        uint256 gasNeeded = ITEM_GAS_NEEDED + claims.length * RESULT_GAS;
        for (uint256 i = 0; i < claims.length && gasleft() >= gasNeeded; ++i) {
            Claim calldata item = claims[i];
            bytes calldata signature = item.signature;
            // Cut to one byte too many, it is still refused, at a bounded cost.
            if (signature.length > MAX_SIGNATURE_LENGTH) signature = signature[:MAX_SIGNATURE_LENGTH + 1];

            // The reason is short: only errors of this market and AgentStaking, because a claim returns no other
            // contract's.
            try this.claimInBatch{gas: ITEM_GAS}(
                item.bountyId, item.agentId, item.wallet, item.deadline, signature, msg.sender
            ) {
                results[i] = ItemResult.MADE;
            } catch (bytes memory reason) {
                results[i] = ItemResult.REFUSED;
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

        if (signature.length == 0) _claimUnsigned(bountyId, agentId, wallet, caller);
        else _claimSigned(bountyId, agentId, wallet, deadline, signature);
    }

    /// @inheritdoc IBountyMarket
    function startWork(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.CLAIMED);
        _requireClaimingWallet(bountyId, bounty);
        _start(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function startWorkWithSig(uint256 bountyId, uint256 deadline, bytes calldata signature) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.CLAIMED);
        _requireStartSignature(bountyId, bounty.wallet, _roundOf(bountyId, bounty), deadline, signature);
        _start(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function submitWork(uint256 bountyId, string calldata deliverableHash) external {
        StoredBounty storage bounty = _awaitingWork(bountyId);
        _requireClaimingWallet(bountyId, bounty);
        _submit(bountyId, bounty, deliverableHash);
    }

    /// @inheritdoc IBountyMarket
    function submitWorkWithSig(
        uint256 bountyId,
        string calldata deliverableHash,
        uint256 deadline,
        bytes calldata signature
    ) external {
        StoredBounty storage bounty = _awaitingWork(bountyId);
        uint256 round = _roundOf(bountyId, bounty);
        _requireSubmitSignature(bountyId, bounty.wallet, round, bounty.revisions, deliverableHash, deadline, signature);
        _submit(bountyId, bounty, deliverableHash);
    }

    /// @inheritdoc IBountyMarket
    function abandonClaim(uint256 bountyId) external {
        StoredBounty storage bounty = _awaitingWork(bountyId);
        _requireClaimingWallet(bountyId, bounty);
        // The poster has the work by now, so the run does not open again.
        if (bounty.state == State.REVISION_REQUESTED) return _reject(bountyId, bounty);

        uint256 agentId = bounty.agentId;
        uint256 stake = _stakeOf(bountyId, bounty);
        _loseClaim(bountyId, bounty, State.OPEN);
        emit ClaimAbandoned(bountyId, agentId, bounty.poster, stake);
        _forfeitStake(bountyId, agentId, stake);
    }

    /// @inheritdoc IBountyMarket
    function requestRevision(uint256 bountyId, string calldata feedbackHash) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.SUBMITTED);
        _requireEvaluator(bountyId, bounty);
        _requireInReview(bountyId, bounty);
        uint8 revisions = bounty.revisions;
        require(revisions < MAX_REVISIONS, NoRevisionsLeft(bountyId, revisions, MAX_REVISIONS));
        _requireString(feedbackHash);
        uint64 submitBy = _secondsAhead(_workPeriodOf(bountyId, bounty));

        bounty.state = State.REVISION_REQUESTED;
        bounty.since = uint40(block.timestamp);
        bounty.revisions = ++revisions;
        emit RevisionRequested(bountyId, bounty.agentId, feedbackHash, revisions, submitBy);
    }

    /// @inheritdoc IBountyMarket
    function approveWork(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.SUBMITTED);
        if (!_isPosterOrEvaluator(bountyId, bounty)) {
            revert NotPosterOrEvaluator(bountyId, msg.sender, bounty.poster, _evaluatorOf(bountyId, bounty));
        }

        _approve(bountyId, bounty, false);
    }

    /// @inheritdoc IBountyMarket
    function finalizeReview(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.SUBMITTED);
        uint256 reviewBy = bounty.since + REVIEW_PERIOD;
        require(block.timestamp > reviewBy, ReviewPeriodNotOver(bountyId, reviewBy, block.timestamp));

        _approve(bountyId, bounty, true);
    }

    /// @inheritdoc IBountyMarket
    function rejectWork(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.SUBMITTED);
        address evaluator = _requireEvaluator(bountyId, bounty);
        _requireInReview(bountyId, bounty);
        if (evaluator == bounty.poster) {
            uint256 revisions = bounty.revisions;
            require(revisions >= MAX_REVISIONS, RevisionsLeft(bountyId, revisions, MAX_REVISIONS));
        }

        _reject(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function rejectOverdue(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.REVISION_REQUESTED);
        _requireOverdue(bountyId, bounty, _isPosterOrEvaluator(bountyId, bounty));

        _reject(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function slashExpired(uint256 bountyId) external {
        StoredBounty storage bounty = _undelivered(bountyId);
        _requireOverdue(bountyId, bounty, msg.sender == bounty.poster);

        // A run that can no longer be claimed would only wait for `expireBounty`.
        _slash(bountyId, bounty, block.timestamp > bounty.deadline);
    }

    /// @inheritdoc IBountyMarket
    function slashAndWithdraw(uint256 bountyId) external {
        StoredBounty storage bounty = _undelivered(bountyId);
        _requirePoster(bountyId, bounty);
        _requireOverdue(bountyId, bounty, true);

        _slash(bountyId, bounty, true);
    }

    /// @inheritdoc IBountyMarket
    function checkClaim(uint256 bountyId, uint256 agentId, address wallet) external view {
        StoredBounty storage bounty = _claimable(bountyId);
        _requireAgentWallet(agentId, wallet);
        AgentStaking(STAKING).checkLock(agentId, _stakeOf(bountyId, bounty));
    }

    function _create(string calldata ipfsHash, uint256 reward, uint64 deadline, Terms calldata terms, State state)
        private
        returns (uint256 bountyId)
    {
        bountyId = _store(ipfsHash, reward, deadline, terms, state);
        uint256 stake = _stakeFor(reward, terms.stakePercent);
        // Casting is safe because a work period is at most thirty days.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint32 workPeriod = uint32(_workPeriodFor(terms.workPeriod));
        emit BountyCreated(
            bountyId, msg.sender, ipfsHash, reward, _feeOf(reward), stake, deadline, workPeriod, terms.evaluator
        );
    }

    function _fund(uint256 bountyId, uint256 reward) private {
        uint256 escrow = _escrowOf(reward);
        emit BountyFunded(bountyId, msg.sender, escrow);
        _pull(escrow);
    }

    /// @dev The bounty was just made a DRAFT.
    function _withdraw(uint256 bountyId, StoredBounty storage bounty) private {
        address poster = bounty.poster;
        uint256 escrow = _escrowOf(bounty.reward);
        emit BountyWithdrawn(bountyId, poster, escrow);
        _refund(bountyId, poster, escrow);
    }

    function _claimUnsigned(uint256 bountyId, uint256 agentId, address wallet, address caller) private {
        require(isRelayer[caller], NotRelayer(caller));
        _claim(_claimable(bountyId), bountyId, agentId, wallet);
    }

    function _claimSigned(uint256 bountyId, uint256 agentId, address wallet, uint256 deadline, bytes calldata signature)
        private
    {
        StoredBounty storage bounty = _claimable(bountyId);
        ClaimMessage memory message;
        message.bountyId = bountyId;
        message.agentId = agentId;
        message.wallet = wallet;
        message.reward = bounty.reward;
        (message.stake, message.workPeriod, message.round) = _offerOf(bountyId, bounty);
        message.deadline = deadline;
        _requireClaimSignature(message, signature);
        _claim(bounty, bountyId, agentId, wallet);
    }

    function _claim(StoredBounty storage bounty, uint256 bountyId, uint256 agentId, address wallet) private {
        _requireAgentWallet(agentId, wallet);
        (uint256 stake, uint256 workPeriod, uint256 round) = _offerOf(bountyId, bounty);

        bounty.wallet = wallet;
        bounty.since = uint40(block.timestamp);
        bounty.state = State.CLAIMED;
        // Casting is safe because `_requireAgentWallet` refuses a larger id.
        // forge-lint: disable-next-line(unsafe-typecast)
        bounty.agentId = uint40(agentId);
        emit BountyClaimed(bountyId, agentId, wallet, stake, round, _secondsAhead(workPeriod));

        AgentStaking(STAKING).lock(agentId, bountyId, stake);
    }

    function _start(uint256 bountyId, StoredBounty storage bounty) private {
        bounty.state = State.IN_PROGRESS;
        emit WorkStarted(bountyId, bounty.agentId);
    }

    function _submit(uint256 bountyId, StoredBounty storage bounty, string calldata deliverableHash) private {
        _requireString(deliverableHash);

        bounty.state = State.SUBMITTED;
        bounty.since = uint40(block.timestamp);
        emit WorkSubmitted(bountyId, bounty.agentId, deliverableHash, _secondsAhead(REVIEW_PERIOD));
    }

    function _approve(uint256 bountyId, StoredBounty storage bounty, bool byTimeout) private {
        uint256 agentId = bounty.agentId;
        address wallet = bounty.wallet;
        uint256 reward = bounty.reward;
        uint256 fee = _feeOf(reward);
        uint256 stake = _stakeOf(bountyId, bounty);

        bounty.state = State.APPROVED;
        emit BountyApproved(bountyId, agentId, wallet, reward, fee, byTimeout);

        AgentStaking(STAKING).release(agentId, bountyId, stake, reward);
        _pay(bountyId, wallet, reward);
        _pay(bountyId, TREASURY, fee);
    }

    /// @dev The poster's own rejection, too, stands where USDC refuses the refund: a rejection that had to wait could
    /// become an approval by timeout.
    function _reject(uint256 bountyId, StoredBounty storage bounty) private {
        uint256 agentId = bounty.agentId;
        address poster = bounty.poster;
        uint256 reward = bounty.reward;
        uint256 fee = _feeOf(reward);
        uint256 stake = _stakeOf(bountyId, bounty);

        bounty.state = State.REJECTED;
        emit BountyRejected(bountyId, agentId, poster, reward, fee + stake);

        _forfeitStake(bountyId, agentId, stake);
        _pay(bountyId, poster, reward);
        _pay(bountyId, BURN, fee);
    }

    function _slash(uint256 bountyId, StoredBounty storage bounty, bool withdraws) private {
        uint256 agentId = bounty.agentId;
        address poster = bounty.poster;
        uint256 escrow = _escrowOf(bounty.reward);
        uint256 stake = _stakeOf(bountyId, bounty);

        _loseClaim(bountyId, bounty, withdraws ? State.DRAFT : State.OPEN);
        emit ClaimSlashed(bountyId, agentId, poster, stake);
        if (withdraws) emit BountyWithdrawn(bountyId, poster, escrow);

        _slashStake(bountyId, agentId, stake);
        if (withdraws) _refund(bountyId, poster, escrow);
    }

    function _isPosterOrEvaluator(uint256 bountyId, StoredBounty storage bounty) private view returns (bool) {
        return msg.sender == bounty.poster || msg.sender == _evaluatorOf(bountyId, bounty);
    }

    function _requireAgentWallet(uint256 agentId, address wallet) private view {
        // No registry counts this far, so no agent has an id that does not fit the bounty.
        require(agentId <= type(uint40).max, AgentNotFound(agentId));
        address expected = AgentWallets.walletOf(REGISTRY, agentId);
        require(expected != address(0), AgentNotFound(agentId));
        require(wallet == expected, NotAgentWallet(agentId, wallet, expected));
    }
}
