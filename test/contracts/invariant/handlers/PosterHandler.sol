// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Dice} from "../Dice.sol";
import {NewBountyHandler} from "./NewBountyHandler.sol";

/// @notice The calls of posters about their bounties, and of evaluators about theirs.
abstract contract PosterHandler is NewBountyHandler {
    function fund(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isFundable);
        _actAsPoster(dice, bountyId, abi.encodeCall(market.fundBounty, (bountyId)));
    }

    function withdraw(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, dice.roll(4) == 0 ? _isOpen : _isUnwanted);
        _actAsPoster(dice, bountyId, abi.encodeCall(market.withdrawBounty, (bountyId)));
    }

    function approve(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isSubmitted);
        bytes memory data = abi.encodeCall(market.approveWork, (bountyId, 0));
        if (dice.roll(2) == 0) _actAsPoster(dice, bountyId, data);
        else _actAsEvaluator(dice, bountyId, data);
    }

    /// @dev Requests all revisions of one bounty, and then rejects it, before the first revision of another. A named
    /// evaluator may reject at once, and one time in two it does.
    function review(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _mostRevised(dice);
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        bool isLast = bounty.revisions == market.MAX_REVISIONS();
        bool atOnce = bounty.evaluator != address(0) && dice.roll(2) == 0;
        bytes memory data = (isLast || atOnce) != dice.rarely()
            ? abi.encodeCall(market.rejectWork, (bountyId))
            : abi.encodeCall(market.requestRevision, (bountyId, _text(dice)));
        _actAsEvaluator(dice, bountyId, data);
    }

    function slash(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isOverdue);
        bytes memory data = dice.roll(2) == 0
            ? abi.encodeCall(market.slashExpired, (bountyId))
            : abi.encodeCall(market.slashAndWithdraw, (bountyId));
        _actAsPoster(dice, bountyId, data);
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
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        address right = bounty.evaluator == address(0) ? bounty.poster : bounty.evaluator;
        _act(_caller(dice, right), address(market), data);
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

    function _isRevisionOverdue(IBountyMarket.Bounty memory bounty) private view returns (bool) {
        return bounty.state == IBountyMarket.State.REVISION_REQUESTED && _isOverdue(bounty);
    }

    function _isOverdue(IBountyMarket.Bounty memory bounty) private view returns (bool) {
        return _awaitsWork(bounty) && block.timestamp >= bounty.since + bounty.workPeriod;
    }
}
