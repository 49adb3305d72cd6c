// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Dice} from "../Dice.sol";
import {selectorOf} from "../../support/selectorOf.sol";
import {Handler} from "./Handler.sol";

/// @notice Endings that anyone may call after the parties' time: one run by an account, or many in one transaction.
abstract contract EndingHandler is Handler {
    constructor() {
        _mustHappen("several runs ended in a tx");
    }

    function endAnyones(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 bountyId = _bountyIn(dice, _isAbandoned);
        if (bountyId == NONE_FITS) return;
        _act(_anyone(dice), address(market), _ending(market.getBounty(bountyId).state, bountyId));
    }

    /// @dev All remaining bounties in one state.
    function endTogether(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 first = _bountyIn(dice, _isAbandoned);
        if (first == NONE_FITS || !_isAbandoned(market.getBounty(first))) return;
        bytes4 ending = selectorOf(_ending(market.getBounty(first).state, first));
        uint256 count = market.bountyCount();
        bytes[] memory calls = new bytes[](count);
        uint256 found = 0;
        for (uint256 id = 1; id <= count && found < 8; ++id) {
            IBountyMarket.Bounty memory bounty = market.getBounty(id);
            if (!_isAbandoned(bounty)) continue;
            bytes memory call = _ending(bounty.state, id);
            if (selectorOf(call) == ending) calls[found++] = call;
        }
        assembly ("memory-safe") {
            mstore(calls, found)
        }
        if (_actTogether(calls) && found > 1) _count("several runs ended in a tx");
    }

    function _ending(IBountyMarket.State state, uint256 bountyId) private view returns (bytes memory) {
        if (state == IBountyMarket.State.OPEN) return abi.encodeCall(market.expireBounty, (bountyId));
        if (state == IBountyMarket.State.SUBMITTED) return abi.encodeCall(market.finalizeReview, (bountyId));
        if (state == IBountyMarket.State.REVISION_REQUESTED) return abi.encodeCall(market.rejectOverdue, (bountyId));
        return abi.encodeCall(market.slashExpired, (bountyId));
    }

    /// @dev Also at the last second, when not everyone may end it yet.
    function _isAbandoned(IBountyMarket.Bounty memory bounty) private view returns (bool) {
        if (bounty.state == IBountyMarket.State.OPEN) return block.timestamp >= bounty.deadline;
        if (_isSubmitted(bounty)) return block.timestamp >= bounty.since + market.REVIEW_PERIOD();
        return
            _awaitsWork(bounty) && block.timestamp >= uint256(bounty.since) + bounty.workPeriod + market.GRACE_PERIOD();
    }
}
