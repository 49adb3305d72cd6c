// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {ActionSigner} from "../../support/ActionSigner.sol";
import {Dice} from "../Dice.sol";
import {Handler} from "./Handler.sol";

/// @notice The calls of the claiming wallet after its claim, sent by itself or with its signature, and the calls open
/// to anyone once a review is over or a payment is deferred.
abstract contract WorkHandler is Handler, ActionSigner {
    /// @dev One in two wallets calls `startWork` first; the others submit at once.
    function startOrSubmit(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isClaimed);
        bool starts = market.getBounty(bountyId).state == IBountyMarket.State.CLAIMED && dice.roll(2) == 0;
        if (starts || dice.rarely()) _start(dice, bountyId);
        else _submit(dice, _bountyIn(dice, _awaitsWork));
    }

    function submit(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _submit(dice, _bountyIn(dice, _awaitsWork));
    }

    /// @dev One claim in four, so that most runs continue, and each where work has begun, which is rare, or that is closing.
    function abandon(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _awaitsWork);
        if (bountyId == NONE_FITS) return;
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        bool isStarted = bounty.state == IBountyMarket.State.IN_PROGRESS;
        if (!isStarted && !bounty.closing && dice.roll(4) > 0) return;
        if (dice.roll(2) == 0) return _actAsWallet(dice, bountyId, abi.encodeCall(market.abandonClaim, (bountyId)));
        uint256 deadline = dice.rarely() ? block.timestamp - 1 : type(uint256).max;
        ActionMessage memory message = ActionMessage(bountyId, bounty.wallet, bounty.round, bounty.revisions, deadline);
        bytes memory signature = _signedBy(dice, bounty.wallet, abandonDigest(address(market), message));
        bytes memory data = abi.encodeCall(market.abandonClaimWithSig, (bountyId, deadline, signature));
        _act(_anyone(dice), address(market), data);
    }

    function _start(Dice memory dice, uint256 bountyId) private {
        if (bountyId == NONE_FITS) return;
        if (dice.roll(2) == 0) return _actAsWallet(dice, bountyId, abi.encodeCall(market.startWork, (bountyId)));
        (uint256 deadline, uint256 fault) = _validity(dice);
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        uint256 round = fault == 2 ? uint256(bounty.round) + 1 : bounty.round;
        bytes32 digest = startDigest(address(market), bountyId, bounty.wallet, round, deadline);
        bytes memory signature = _signed(dice, bounty.wallet, digest, fault);
        _act(_anyone(dice), address(market), abi.encodeCall(market.startWorkWithSig, (bountyId, deadline, signature)));
    }

    function _submit(Dice memory dice, uint256 bountyId) private {
        if (bountyId == NONE_FITS) return;
        string memory text = _text(dice);
        if (dice.roll(2) == 0) {
            return _actAsWallet(dice, bountyId, abi.encodeCall(market.submitWork, (bountyId, text)));
        }
        (uint256 deadline, uint256 fault) = _validity(dice);
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        SubmitMessage memory message =
            SubmitMessage(bountyId, bounty.wallet, bounty.round, bounty.revisions, text, deadline);
        if (fault == 2) message.round += 1;
        if (fault == 3) message.revision += 1;
        if (fault == 4) message.deliverableHash = "ipfs://other";
        bytes memory signature = _signed(dice, bounty.wallet, submitDigest(address(market), message), fault);
        bytes memory data = abi.encodeCall(market.submitWorkWithSig, (bountyId, text, deadline, signature));
        (bool ok,) = _act(_anyone(dice), address(market), data);
        _assertInvariant(6, !ok || fault == 1 || fault > 5, "work submitted with a faulty signature");
    }

    /// @return deadline The last second at which the signature is valid.
    /// @return fault 0 and 2 to 5 make the signature invalid; 1 makes it hold without end.
    function _validity(Dice memory dice) private view returns (uint256 deadline, uint256 fault) {
        fault = dice.roll(32);
        deadline = dice.between(block.timestamp, block.timestamp + 1 hours);
        if (fault == 0) deadline = block.timestamp - 1;
        if (fault == 1) deadline = type(uint256).max;
    }

    function _signed(Dice memory dice, address wallet, bytes32 digest, uint256 fault)
        private
        view
        returns (bytes memory)
    {
        if (fault == 5) return "";
        return _signedBy(dice, wallet, digest);
    }

    function finalize(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isReviewOver);
        if (bountyId == NONE_FITS) return;
        _act(_anyone(dice), address(market), abi.encodeCall(market.finalizeReview, (bountyId)));
    }

    /// @dev For a payee that is owed something, rarely for one that is not.
    function collect(uint256 seed) external {
        Dice memory dice = Dice(seed);
        address payee = dice.roll(2) == 0 ? BURN : _anyone(dice);
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
