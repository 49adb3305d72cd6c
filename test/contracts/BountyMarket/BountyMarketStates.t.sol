// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice Every call about a bounty, by the party that may make it, from every state in which it may not.
contract BountyMarketStatesTest is BountyMarketTest {
    IBountyMarket.State[] private allowed;

    function test_FundsADraftOnly() public {
        allowed.push(IBountyMarket.State.DRAFT);
        _assertOnlyAllowed(poster, IBountyMarket.fundBounty.selector);
    }

    function test_StartsAClaimedBountyOnly() public {
        allowed.push(IBountyMarket.State.CLAIMED);
        _assertOnlyAllowed(wallet, IBountyMarket.startWork.selector);
    }

    function test_SubmitsABountyThatAwaitsWorkOnly() public {
        _allowAwaitingWork();
        _assertOnlyAllowed(wallet, IBountyMarket.submitWork.selector);
    }

    function test_RequestsRevisionOfASubmittedBountyOnly() public {
        allowed.push(IBountyMarket.State.SUBMITTED);
        _assertOnlyAllowed(poster, IBountyMarket.requestRevision.selector);
    }

    function test_ApprovesADeliveredBountyOnly() public {
        _allowDelivered();
        _assertOnlyAllowed(poster, IBountyMarket.approveWork.selector);
    }

    function test_ClosesABountyThatHasNotDeliveredOnly() public {
        allowed.push(IBountyMarket.State.OPEN);
        allowed.push(IBountyMarket.State.CLAIMED);
        allowed.push(IBountyMarket.State.IN_PROGRESS);
        _assertOnlyAllowed(poster, IBountyMarket.closeBounty.selector);
    }

    function test_RejectsASubmittedBountyOnly() public {
        allowed.push(IBountyMarket.State.SUBMITTED);
        _assertOnlyAllowed(poster, IBountyMarket.rejectWork.selector);
    }

    function test_FinalizesASubmittedBountyOnly() public {
        allowed.push(IBountyMarket.State.SUBMITTED);
        _assertOnlyAllowed(stranger, IBountyMarket.finalizeReview.selector);
    }

    function test_ExpiresAnOpenBountyOnly() public {
        allowed.push(IBountyMarket.State.OPEN);
        _assertOnlyAllowed(stranger, IBountyMarket.expireBounty.selector);
    }

    function test_AbandonsABountyThatAwaitsWorkOnly() public {
        _allowAwaitingWork();
        _assertOnlyAllowed(wallet, IBountyMarket.abandonClaim.selector);
    }

    function test_RejectsAsOverdueARequestedRevisionOnly() public {
        allowed.push(IBountyMarket.State.REVISION_REQUESTED);
        _assertOnlyAllowed(poster, IBountyMarket.rejectOverdue.selector);
    }

    function test_SlashesABountyThatAwaitsItsFirstWorkOnly() public {
        allowed.push(IBountyMarket.State.CLAIMED);
        allowed.push(IBountyMarket.State.IN_PROGRESS);
        _assertOnlyAllowed(poster, IBountyMarket.slashExpired.selector);
    }

    function _allowDelivered() private {
        allowed.push(IBountyMarket.State.SUBMITTED);
        allowed.push(IBountyMarket.State.REVISION_REQUESTED);
    }

    function _allowAwaitingWork() private {
        allowed.push(IBountyMarket.State.CLAIMED);
        allowed.push(IBountyMarket.State.IN_PROGRESS);
        allowed.push(IBountyMarket.State.REVISION_REQUESTED);
    }

    /// @dev Also long after every time limit, and by a stranger: the state is checked first.
    function _assertOnlyAllowed(address caller, bytes4 selector) private {
        for (uint8 i = 0; i <= uint8(type(IBountyMarket.State).max); ++i) {
            IBountyMarket.State state = IBountyMarket.State(i);
            if (_isAllowed(state)) continue;
            uint256 bountyId = _bountyIn(state);
            bytes memory reason = state == IBountyMarket.State.NONE
                ? abi.encodeWithSelector(IBountyMarket.BountyNotFound.selector, bountyId)
                : abi.encodeWithSelector(IBountyMarket.InvalidState.selector, bountyId, state);
            // Calls that take no string ignore it.
            bytes memory data = abi.encodeWithSelector(selector, bountyId, DELIVERABLE);
            _assertRefused(caller, data, reason);
            _assertRefused(address(this), data, reason);
            vm.warp(START + 1000 days);
            _assertRefused(caller, data, reason);
            vm.warp(START);
        }
    }

    function _assertRefused(address caller, bytes memory data, bytes memory reason) private {
        vm.prank(caller);
        (bool success, bytes memory revertData) = address(market).call(data);
        assertFalse(success, "refused");
        assertEq(revertData, reason);
    }

    function _isAllowed(IBountyMarket.State state) private view returns (bool) {
        for (uint256 i = 0; i < allowed.length; ++i) {
            if (allowed[i] == state) return true;
        }
        return false;
    }
}
