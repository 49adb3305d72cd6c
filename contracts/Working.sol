// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Escrow} from "./Escrow.sol";
import {RunSignatures} from "./RunSignatures.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title Working
/// @notice What the claiming wallet does: start, submit or abandon, by a call or by its signature.
abstract contract Working is Escrow, RunSignatures {
    /// @inheritdoc IBountyMarket
    function startWork(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.CLAIMED);
        _requireClaimingWallet(bountyId, bounty);
        _start(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function startWorkWithSig(uint256 bountyId, uint256 deadline, bytes calldata signature) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.CLAIMED);
        (uint256 round,) = _liveClaimOf(bountyId, bounty);
        _requireStartSignature(bountyId, bounty.wallet, round, deadline, signature);
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
        (uint256 round, uint256 revision) = _liveClaimOf(bountyId, bounty);
        _requireTextSignature(
            SUBMIT_WORK, bountyId, bounty.wallet, round, revision, deliverableHash, deadline, signature
        );
        _submit(bountyId, bounty, deliverableHash);
    }

    /// @inheritdoc IBountyMarket
    function abandonClaim(uint256 bountyId) external {
        StoredBounty storage bounty = _awaitingWork(bountyId);
        _requireClaimingWallet(bountyId, bounty);
        _abandon(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function abandonClaimWithSig(uint256 bountyId, uint256 deadline, bytes calldata signature) external {
        StoredBounty storage bounty = _awaitingWork(bountyId);
        (uint256 round, uint256 revision) = _liveClaimOf(bountyId, bounty);
        _requireActionSignature(ABANDON_CLAIM, bountyId, bounty.wallet, round, revision, deadline, signature);
        _abandon(bountyId, bounty);
    }

    function _start(uint256 bountyId, StoredBounty storage bounty) private {
        bounty.state = State.IN_PROGRESS;
        emit WorkStarted(bountyId, bounty.agentId);
    }

    function _submit(uint256 bountyId, StoredBounty storage bounty, string calldata deliverableHash) private {
        _requireString(deliverableHash);
        (uint256 round, uint256 revision) = _liveClaimOf(bountyId, bounty);

        bounty.state = State.SUBMITTED;
        bounty.since = uint40(block.timestamp);
        emit WorkSubmitted(bountyId, bounty.agentId, deliverableHash, _secondsAhead(REVIEW_PERIOD), round, revision);
    }

    function _abandon(uint256 bountyId, StoredBounty storage bounty) private {
        // The poster has the work by now, so the run does not open again.
        if (bounty.state == State.REVISION_REQUESTED) return _reject(bountyId, bounty, Rejection.ABANDONED);
        _requireNotOverdue(bountyId, bounty);
        _endClaim(bountyId, bounty, false);
    }
}
