// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Dice} from "../Dice.sol";
import {ActionSigner} from "../../support/ActionSigner.sol";
import {NewBountyHandler} from "./NewBountyHandler.sol";

/// @notice The calls of posters about their bounties, and of evaluators about theirs.
abstract contract PosterHandler is NewBountyHandler, ActionSigner {
    function fund(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isFundable);
        _actAsPoster(dice, bountyId, abi.encodeCall(market.fundBounty, (bountyId)));
    }

    function closeUnclaimed(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _close(dice, _bountyIn(dice, dice.roll(4) == 0 ? _isOpen : _isUnwanted));
    }

    /// @dev Also while it is already closing.
    function closeClaimed(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _close(dice, _bountyIn(dice, dice.roll(8) == 0 ? _isClosing : _isClosable));
    }

    function _close(Dice memory dice, uint256 bountyId) private {
        if (bountyId == NONE_FITS) return;
        if (dice.roll(2) == 0) {
            return _actAsPoster(dice, bountyId, abi.encodeCall(market.closeBounty, (bountyId)));
        }
        address poster = market.getBounty(bountyId).poster;
        uint256 deadline = block.timestamp + (dice.rarely() ? 1 hours + 1 : dice.roll(1 hours + 1));
        bytes32 digest = closeDigest(address(market), bountyId, poster, deadline);
        bytes memory signature = _signedBy(dice, poster, digest);
        _act(_anyone(dice), address(market), abi.encodeCall(market.closeBountyWithSig, (bountyId, deadline, signature)));
    }

    /// @dev Mostly a wallet that has an agent; one time in eight anyone, for good.
    function nameClaimant(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, dice.roll(8) == 0 ? _isOpen : _isReserved);
        if (bountyId == NONE_FITS) return;
        address claimant = dice.roll(2) == 0 ? _anyone(dice) : _walletOf(_agent(dice));
        if (dice.roll(8) == 0) claimant = address(0);
        if (dice.roll(2) == 0) {
            return _actAsPoster(dice, bountyId, abi.encodeCall(market.nameClaimant, (bountyId, claimant)));
        }
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        uint256 naming = uint256(bounty.namings) + (dice.roll(8) == 0 ? 1 : 0);
        uint256 deadline = block.timestamp + (dice.rarely() ? 1 hours + 1 : dice.roll(1 hours + 1));
        bytes32 digest = nameDigest(address(market), NameMessage(bountyId, bounty.poster, naming, claimant, deadline));
        bytes memory signature = _signedBy(dice, bounty.poster, digest);
        bytes memory data =
            abi.encodeCall(market.nameClaimantWithSig, (bountyId, claimant, naming, deadline, signature));
        _act(_anyone(dice), address(market), data);
    }

    /// @dev Rarely of another revision than that of the last delivery.
    function approve(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, dice.roll(3) == 0 ? _isInRevision : _isSubmitted);
        if (bountyId == NONE_FITS) return;
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        bool requested = bounty.state == IBountyMarket.State.REVISION_REQUESTED;
        uint8 revision = bounty.revisions - (requested ? 1 : 0) + (dice.rarely() ? 1 : 0);
        address signer = dice.roll(2) == 0 ? bounty.poster : _evaluatorOf(bounty);
        if (dice.roll(2) == 0) {
            _act(_caller(dice, signer), address(market), abi.encodeCall(market.approveWork, (bountyId, revision)));
            return;
        }
        signer = _caller(dice, signer);
        ActionMessage memory message = _message(dice, bountyId, bounty, signer, revision);
        bytes memory signature = _signedBy(dice, signer, approveDigest(address(market), message));
        bytes memory data =
            abi.encodeCall(market.approveWorkWithSig, (bountyId, revision, signer, message.deadline, signature));
        _act(_anyone(dice), address(market), data);
    }

    /// @dev Requests all revisions of one bounty, and then rejects it, before the first revision of another. A named
    /// evaluator may reject at once, and one time in two it does.
    function review(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _mostRevised(dice);
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        bool isLast = bounty.revisions == market.MAX_REVISIONS();
        bool atOnce = bounty.evaluator != address(0) && dice.roll(2) == 0;
        bool rejects = (isLast || atOnce) != dice.rarely();
        if (bountyId != NONE_FITS && dice.roll(2) == 0) return _reviewSigned(dice, bountyId, bounty, rejects);
        bytes memory data = rejects
            ? abi.encodeCall(market.rejectWork, (bountyId))
            : abi.encodeCall(market.requestRevision, (bountyId, _text(dice)));
        _actAsEvaluator(dice, bountyId, data);
    }

    function _reviewSigned(Dice memory dice, uint256 bountyId, IBountyMarket.Bounty memory bounty, bool rejects)
        private
    {
        address signer = _caller(dice, _evaluatorOf(bounty));
        ActionMessage memory message = _message(dice, bountyId, bounty, signer, bounty.revisions);
        bytes memory data;
        if (rejects) {
            bytes memory signature = _signedBy(dice, signer, rejectDigest(address(market), message));
            data = abi.encodeCall(market.rejectWorkWithSig, (bountyId, signer, message.deadline, signature));
        } else {
            string memory text = _text(dice);
            bytes memory signature = _signedBy(dice, signer, reviseDigest(address(market), message, text));
            data = abi.encodeCall(market.requestRevisionWithSig, (bountyId, text, signer, message.deadline, signature));
        }
        _act(_anyone(dice), address(market), data);
    }

    /// @dev Without end, or rarely of the past.
    function _message(
        Dice memory dice,
        uint256 bountyId,
        IBountyMarket.Bounty memory bounty,
        address signer,
        uint256 revision
    ) private view returns (ActionMessage memory) {
        uint256 deadline = dice.rarely() ? block.timestamp - 1 : type(uint256).max;
        return ActionMessage(bountyId, signer, bounty.round, revision, deadline);
    }

    function _evaluatorOf(IBountyMarket.Bounty memory bounty) private pure returns (address) {
        return bounty.evaluator == address(0) ? bounty.poster : bounty.evaluator;
    }

    function slash(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isOverdue);
        _actAsPoster(dice, bountyId, abi.encodeCall(market.slashExpired, (bountyId)));
    }

    function rejectOverdue(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isRevisionOverdue);
        bytes memory data = abi.encodeCall(market.rejectOverdue, (bountyId));
        if (dice.roll(2) == 0) _actAsPoster(dice, bountyId, data);
        else _actAsEvaluator(dice, bountyId, data);
    }

    function _actAsEvaluator(Dice memory dice, uint256 bountyId, bytes memory data) private {
        if (bountyId == NONE_FITS) return;
        _act(_caller(dice, _evaluatorOf(market.getBounty(bountyId))), address(market), data);
    }

    function _actAsPoster(Dice memory dice, uint256 bountyId, bytes memory data) private {
        if (bountyId == NONE_FITS) return;
        _act(_caller(dice, market.getBounty(bountyId).poster), address(market), data);
    }

    function _mostRevised(Dice memory dice) private view returns (uint256 bountyId) {
        bountyId = _bountyIn(dice, _isSubmitted);
        if (dice.rarely()) return bountyId;
        uint256 revisions = market.getBounty(bountyId).revisions;
        for (uint256 id = market.bountyCount(); id > 0; --id) {
            IBountyMarket.Bounty memory bounty = market.getBounty(id);
            if (_isSubmitted(bounty) && bounty.revisions > revisions) (bountyId, revisions) = (id, bounty.revisions);
        }
    }

    function _isFundable(IBountyMarket.Bounty memory bounty) private view returns (bool) {
        return bounty.state == IBountyMarket.State.DRAFT && block.timestamp <= bounty.deadline;
    }

    /// @dev Among open bounties, prefers those that are too late to be claimed, or whose claim has failed.
    function _isUnwanted(IBountyMarket.Bounty memory bounty) private view returns (bool) {
        return bounty.state == IBountyMarket.State.OPEN && (bounty.round > 0 || !_isOpen(bounty));
    }

    function _isReserved(IBountyMarket.Bounty memory bounty) private pure returns (bool) {
        return bounty.state == IBountyMarket.State.OPEN && bounty.claimant != address(0);
    }

    function _isClosable(IBountyMarket.Bounty memory bounty) private pure returns (bool) {
        bool claimed = bounty.state == IBountyMarket.State.CLAIMED || bounty.state == IBountyMarket.State.IN_PROGRESS;
        return claimed && !bounty.closing;
    }

    function _isClosing(IBountyMarket.Bounty memory bounty) private pure returns (bool) {
        return bounty.closing;
    }

    function _isInRevision(IBountyMarket.Bounty memory bounty) private pure returns (bool) {
        return bounty.state == IBountyMarket.State.REVISION_REQUESTED;
    }

    function _isRevisionOverdue(IBountyMarket.Bounty memory bounty) private view returns (bool) {
        return _isInRevision(bounty) && _isOverdue(bounty);
    }

    function _isOverdue(IBountyMarket.Bounty memory bounty) private view returns (bool) {
        return _awaitsWork(bounty) && block.timestamp >= bounty.since + bounty.workPeriod;
    }
}
