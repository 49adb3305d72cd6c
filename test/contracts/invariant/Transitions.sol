// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ISignedFunding} from "../../../contracts/interfaces/ISignedFunding.sol";
import {Breaches} from "./Breaches.sol";
import {Tally} from "./Tally.sol";

/// @title Transitions
/// @notice Checks each change of a bounty against the allowed state transitions after each call (I4).
abstract contract Transitions is Breaches, Tally {
    /// @notice How many claims of the bounty were slashed or abandoned before any work.
    mapping(uint256 bountyId => uint256) public lostClaimsOf;

    /// @notice Whether time approved the bounty, by the call that ended it.
    mapping(uint256 bountyId => bool) public finalized;

    mapping(bytes32 transition => bool) private _allowed;
    mapping(uint256 bountyId => IBountyMarket.Bounty) private _seen;

    constructor() {
        _allow(IBountyMarket.createBounty.selector, IBountyMarket.State.NONE, IBountyMarket.State.DRAFT);
        _allow(IBountyMarket.postBounty.selector, IBountyMarket.State.NONE, IBountyMarket.State.OPEN);
        _allow(IBountyMarket.postBountyFor.selector, IBountyMarket.State.NONE, IBountyMarket.State.OPEN);
        _allow(ISignedFunding.postBounty.selector, IBountyMarket.State.NONE, IBountyMarket.State.OPEN);
        _allow(IBountyMarket.fundBounty.selector, IBountyMarket.State.DRAFT, IBountyMarket.State.OPEN);
        _allow(IBountyMarket.expireBounty.selector, IBountyMarket.State.OPEN, IBountyMarket.State.DRAFT);

        _allow(IBountyMarket.nameClaimant.selector, IBountyMarket.State.OPEN, IBountyMarket.State.OPEN);
        _allow(IBountyMarket.nameClaimantWithSig.selector, IBountyMarket.State.OPEN, IBountyMarket.State.OPEN);

        _allowClose(IBountyMarket.closeBounty.selector);
        _allowClose(IBountyMarket.closeBountyWithSig.selector);

        _allow(IBountyMarket.claimBounty.selector, IBountyMarket.State.OPEN, IBountyMarket.State.CLAIMED);
        _allow(IBountyMarket.claimBountyWithSig.selector, IBountyMarket.State.OPEN, IBountyMarket.State.CLAIMED);
        _allow(IBountyMarket.claimBountyFor.selector, IBountyMarket.State.OPEN, IBountyMarket.State.CLAIMED);
        _allow(IBountyMarket.claimBatch.selector, IBountyMarket.State.OPEN, IBountyMarket.State.CLAIMED);

        _allow(IBountyMarket.startWork.selector, IBountyMarket.State.CLAIMED, IBountyMarket.State.IN_PROGRESS);
        _allow(IBountyMarket.startWorkWithSig.selector, IBountyMarket.State.CLAIMED, IBountyMarket.State.IN_PROGRESS);
        _allowUndelivered(IBountyMarket.submitWork.selector, IBountyMarket.State.SUBMITTED);
        _allowRevision(IBountyMarket.submitWork.selector, IBountyMarket.State.SUBMITTED);
        _allowUndelivered(IBountyMarket.submitWorkWithSig.selector, IBountyMarket.State.SUBMITTED);
        _allowRevision(IBountyMarket.submitWorkWithSig.selector, IBountyMarket.State.SUBMITTED);
        _allowAbandon(IBountyMarket.abandonClaim.selector);
        _allowAbandon(IBountyMarket.abandonClaimWithSig.selector);
        _allowUndelivered(IBountyMarket.slashExpired.selector, IBountyMarket.State.OPEN);
        _allowUndelivered(IBountyMarket.slashExpired.selector, IBountyMarket.State.DRAFT);
        _allowRevision(IBountyMarket.rejectOverdue.selector, IBountyMarket.State.REJECTED);

        _allowReview(IBountyMarket.requestRevision.selector, IBountyMarket.State.REVISION_REQUESTED);
        _allowReview(IBountyMarket.requestRevisionWithSig.selector, IBountyMarket.State.REVISION_REQUESTED);
        _allowReview(IBountyMarket.approveWork.selector, IBountyMarket.State.APPROVED);
        _allowRevision(IBountyMarket.approveWork.selector, IBountyMarket.State.APPROVED);
        _allowReview(IBountyMarket.approveWorkWithSig.selector, IBountyMarket.State.APPROVED);
        _allowRevision(IBountyMarket.approveWorkWithSig.selector, IBountyMarket.State.APPROVED);
        _allowReview(IBountyMarket.finalizeReview.selector, IBountyMarket.State.APPROVED);
        _allowReview(IBountyMarket.rejectWork.selector, IBountyMarket.State.REJECTED);
        _allowReview(IBountyMarket.rejectWorkWithSig.selector, IBountyMarket.State.REJECTED);
    }

    /// @dev In a claim only the flag changes.
    function _allowClose(bytes4 call) private {
        _allow(call, IBountyMarket.State.OPEN, IBountyMarket.State.DRAFT);
        _allow(call, IBountyMarket.State.CLAIMED, IBountyMarket.State.CLAIMED);
        _allow(call, IBountyMarket.State.IN_PROGRESS, IBountyMarket.State.IN_PROGRESS);
    }

    function _allowAbandon(bytes4 call) private {
        _allowUndelivered(call, IBountyMarket.State.OPEN);
        _allowUndelivered(call, IBountyMarket.State.DRAFT);
        _allowRevision(call, IBountyMarket.State.REJECTED);
    }

    function _allowUndelivered(bytes4 call, IBountyMarket.State to) private {
        _allow(call, IBountyMarket.State.CLAIMED, to);
        _allow(call, IBountyMarket.State.IN_PROGRESS, to);
    }

    function _allowRevision(bytes4 call, IBountyMarket.State to) private {
        _allow(call, IBountyMarket.State.REVISION_REQUESTED, to);
    }

    function _allowReview(bytes4 call, IBountyMarket.State to) private {
        _allow(call, IBountyMarket.State.SUBMITTED, to);
    }

    function _allow(bytes4 call, IBountyMarket.State from, IBountyMarket.State to) private {
        _allowed[_key(call, from, to)] = true;
        _mustHappen(_key(call, from, to));
    }

    function _key(bytes4 call, IBountyMarket.State from, IBountyMarket.State to) private pure returns (bytes32) {
        return bytes32(abi.encodePacked("T", call, from, to));
    }

    function _observe(bytes4 call, BountyMarket market) internal {
        uint256 count = market.bountyCount();
        for (uint256 bountyId = 1; bountyId <= count; ++bountyId) {
            IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
            IBountyMarket.Bounty memory before = _seen[bountyId];
            if (keccak256(abi.encode(bounty)) == keccak256(abi.encode(before))) continue;
            bytes32 transition = _key(call, before.state, bounty.state);
            _assertInvariant(4, _allowed[transition], "a transition that the rules do not list");
            _count(transition);
            _observeFields(call, before, bounty);
            if (before.wallet != address(0) && bounty.wallet == address(0)) lostClaimsOf[bountyId] += 1;
            if (call == IBountyMarket.finalizeReview.selector) finalized[bountyId] = true;
            _seen[bountyId] = bounty;
        }
    }

    function _observeFields(bytes4 call, IBountyMarket.Bounty memory before, IBountyMarket.Bounty memory bounty)
        private
    {
        IBountyMarket.State to = bounty.state;
        bool claimed = to != IBountyMarket.State.DRAFT && to != IBountyMarket.State.OPEN;
        bool closes = call == IBountyMarket.closeBounty.selector || call == IBountyMarket.closeBountyWithSig.selector;
        bool claims = to == IBountyMarket.State.CLAIMED && !closes;
        if (before.state != IBountyMarket.State.NONE) {
            _assertInvariant(4, _termsHash(bounty) == _termsHash(before), "the terms changed");
        }
        _assertInvariant(4, bounty.round == before.round + (claims ? 1 : 0), "round is not the number of claims");
        _assertInvariant(
            4, claimed == (bounty.wallet != address(0)), "a wallet without a claim, or a claim without a wallet"
        );
        if (claimed && !claims) {
            _assertInvariant(
                4, bounty.wallet == before.wallet && bounty.agentId == before.agentId, "the claimer changed"
            );
        }
        uint256 asked = to == IBountyMarket.State.REVISION_REQUESTED ? 1 : 0;
        _assertInvariant(4, bounty.revisions == (claimed ? before.revisions + asked : 0), "revisions of this claim");
        _assertInvariant(4, bounty.revisions <= 3, "more revisions than MAX_REVISIONS");
        _assertInvariant(
            4, bounty.since == (closes && claimed ? before.since : _expectedSince(to, before.since)), "since"
        );
        bool closing = to != IBountyMarket.State.DRAFT && (before.closing || closes);
        _assertInvariant(4, bounty.closing == closing, "closing");
        _assertInvariant(4, !(closing && to == IBountyMarket.State.OPEN), "a closing bounty opened again");
        _observeClaimant(call, before, bounty);
    }

    /// @dev Only the terms and a naming change the claimant, and nothing changes it after it was set to zero.
    function _observeClaimant(bytes4 call, IBountyMarket.Bounty memory before, IBountyMarket.Bounty memory bounty)
        private
    {
        bool names = call == IBountyMarket.nameClaimant.selector || call == IBountyMarket.nameClaimantWithSig.selector;
        bool isNew = before.state == IBountyMarket.State.NONE;
        if (isNew) names = bounty.claimant != address(0);
        _assertInvariant(4, bounty.namings == before.namings + (names ? 1 : 0), "namings");
        if (names) _assertInvariant(4, isNew || before.claimant != address(0), "a claimant named where none was");
        else _assertInvariant(4, bounty.claimant == before.claimant, "the claimant changed");
        if (bounty.wallet == before.wallet || bounty.wallet == address(0) || bounty.claimant == address(0)) return;
        bool isClaimant = bounty.wallet == bounty.claimant && bounty.claimant != bounty.poster;
        _assertInvariant(4, isClaimant, "claimed by another wallet than the claimant");
        _count("claimed by its claimant");
    }

    function _termsHash(IBountyMarket.Bounty memory bounty) private pure returns (bytes32) {
        return keccak256(
            abi.encode(bounty.poster, bounty.reward, bounty.stake, bounty.deadline, bounty.workPeriod, bounty.evaluator)
        );
    }

    function _expectedSince(IBountyMarket.State to, uint256 since) private view returns (uint256) {
        if (to == IBountyMarket.State.DRAFT || to == IBountyMarket.State.OPEN) return 0;
        bool waits = to == IBountyMarket.State.CLAIMED || to == IBountyMarket.State.SUBMITTED
            || to == IBountyMarket.State.REVISION_REQUESTED;
        return waits ? block.timestamp : since;
    }
}
