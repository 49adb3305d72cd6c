// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Dice} from "../Dice.sol";
import {Handler} from "./Handler.sol";

/// @notice What the claiming wallet does once it has claimed, and anyone once a review is over or a payment deferred.
abstract contract WorkHandler is Handler {
    /// @dev One in two wallets says that it starts; the others deliver.
    function startOrSubmit(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isClaimed);
        bool starts = market.getBounty(bountyId).state == IBountyMarket.State.CLAIMED && dice.roll(2) == 0;
        if (starts || dice.rarely()) _actAsWallet(dice, bountyId, abi.encodeCall(market.startWork, (bountyId)));
        else _submit(dice);
    }

    function submit(uint256 seed) external {
        _submit(Dice(seed));
    }

    function _submit(Dice memory dice) private {
        uint256 bountyId = _bountyIn(dice, _awaitsWork);
        _actAsWallet(dice, bountyId, abi.encodeCall(market.submitWork, (bountyId, _text(dice))));
    }

    function finalize(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isReviewOver);
        if (bountyId == NONE_FITS) return;
        _act(_anyone(dice), address(market), abi.encodeCall(market.finalizeReview, (bountyId)));
    }

    /// @dev For whoever is owed something, rarely for whoever is not.
    function collect(uint256 seed) external {
        Dice memory dice = Dice(seed);
        address payee = _anyone(dice);
        for (uint256 i = 0; i < people.length && market.owed(payee) == 0; ++i) {
            payee = people[i];
        }
        if (market.owed(payee) == 0 && !dice.rarely()) return;
        _act(_anyone(dice), address(market), abi.encodeCall(market.collect, (_caller(dice, payee))));
    }

    function _actAsWallet(Dice memory dice, uint256 bountyId, bytes memory data) private {
        if (bountyId == NONE_FITS) return;
        _act(_caller(dice, market.getBounty(bountyId).wallet), address(market), data);
    }

    function _isClaimed(IBountyMarket.Bounty memory bounty) private pure returns (bool) {
        return bounty.state == IBountyMarket.State.CLAIMED;
    }

    function _isReviewOver(IBountyMarket.Bounty memory bounty) private view returns (bool) {
        return _isSubmitted(bounty) && block.timestamp >= bounty.since + market.REVIEW_PERIOD();
    }
}
