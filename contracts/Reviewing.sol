// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Escrow} from "./Escrow.sol";
import {RunSignatures} from "./RunSignatures.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title Reviewing
/// @notice How a delivery is reviewed, by a call or by a signature of poster or evaluator, and how a claim ends whose
/// party does not act in time.
abstract contract Reviewing is Escrow, RunSignatures {
    /// @inheritdoc IBountyMarket
    function requestRevision(uint256 bountyId, string calldata feedbackHash) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.SUBMITTED);
        _requireEvaluator(bountyId, bounty, msg.sender);
        _requestRevision(bountyId, bounty, feedbackHash);
    }

    /// @inheritdoc IBountyMarket
    function requestRevisionWithSig(
        uint256 bountyId,
        string calldata feedbackHash,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.SUBMITTED);
        _requireEvaluator(bountyId, bounty, signer);
        (uint256 round, uint256 revision) = _liveClaimOf(bountyId, bounty);
        _requireTextSignature(REQUEST_REVISION, bountyId, signer, round, revision, feedbackHash, deadline, signature);
        _requestRevision(bountyId, bounty, feedbackHash);
    }

    /// @inheritdoc IBountyMarket
    function approveWork(uint256 bountyId, uint8 revision) external {
        StoredBounty storage bounty = _approvable(bountyId);
        _requirePosterOrEvaluator(bountyId, bounty, msg.sender);
        _requireLastDelivery(bountyId, bounty, revision);
        _approve(bountyId, bounty, msg.sender);
    }

    /// @inheritdoc IBountyMarket
    function approveWorkWithSig(
        uint256 bountyId,
        uint8 revision,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external {
        StoredBounty storage bounty = _approvable(bountyId);
        _requirePosterOrEvaluator(bountyId, bounty, signer);
        (uint256 round,) = _liveClaimOf(bountyId, bounty);
        _requireActionSignature(APPROVE_WORK, bountyId, signer, round, revision, deadline, signature);
        _requireLastDelivery(bountyId, bounty, revision);
        _approve(bountyId, bounty, signer);
    }

    /// @inheritdoc IBountyMarket
    function finalizeReview(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.SUBMITTED);
        uint256 reviewBy = bounty.since + REVIEW_PERIOD;
        require(block.timestamp > reviewBy, ReviewPeriodNotOver(bountyId, reviewBy, block.timestamp));
        _approve(bountyId, bounty, address(0));
    }

    /// @inheritdoc IBountyMarket
    function rejectWork(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.SUBMITTED);
        address evaluator = _requireEvaluator(bountyId, bounty, msg.sender);
        _rejectReviewed(bountyId, bounty, evaluator);
    }

    /// @inheritdoc IBountyMarket
    function rejectWorkWithSig(uint256 bountyId, address signer, uint256 deadline, bytes calldata signature) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.SUBMITTED);
        _requireEvaluator(bountyId, bounty, signer);
        (uint256 round, uint256 revision) = _liveClaimOf(bountyId, bounty);
        _requireActionSignature(REJECT_WORK, bountyId, signer, round, revision, deadline, signature);
        _rejectReviewed(bountyId, bounty, signer);
    }

    /// @inheritdoc IBountyMarket
    function rejectOverdue(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.REVISION_REQUESTED);
        bool byParty = msg.sender == bounty.poster || msg.sender == _evaluatorOf(bountyId, bounty);
        _requireOverdue(bountyId, bounty, byParty);
        _reject(bountyId, bounty, Rejection.OVERDUE);
    }

    /// @inheritdoc IBountyMarket
    function slashExpired(uint256 bountyId) external {
        StoredBounty storage bounty = _undelivered(bountyId);
        _requireOverdue(bountyId, bounty, msg.sender == bounty.poster);
        _endClaim(bountyId, bounty, true);
    }

    function _requestRevision(uint256 bountyId, StoredBounty storage bounty, string calldata feedbackHash) private {
        _requireInReview(bountyId, bounty);
        uint8 revisions = _revisionsOf(bounty);
        require(revisions < MAX_REVISIONS, NoRevisionsLeft(bountyId, revisions, MAX_REVISIONS));
        _requireString(feedbackHash);
        uint64 submitBy = _secondsAhead(_workPeriodOf(bountyId, bounty));

        bounty.state = State.REVISION_REQUESTED;
        bounty.since = uint40(block.timestamp);
        bounty.revisions += 1;
        emit RevisionRequested(bountyId, bounty.agentId, feedbackHash, revisions + 1, submitBy);
    }

    function _rejectReviewed(uint256 bountyId, StoredBounty storage bounty, address evaluator) private {
        _requireInReview(bountyId, bounty);
        if (evaluator == bounty.poster) {
            uint256 revisions = _revisionsOf(bounty);
            require(revisions >= MAX_REVISIONS, RevisionsLeft(bountyId, revisions, MAX_REVISIONS));
        }
        _reject(bountyId, bounty, Rejection.REJECTED);
    }
}
