// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice `abandonClaim` before any delivery.
contract AClaimIsAbandonedBeforeItIsDue is BountyMarketTest {
    function test_WhenAbandonedBeforeWork_BountyIsOpenAndTheStakeBurned() public {
        bool[2] memory starts = [false, true];
        for (uint256 i = 0; i < starts.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 bountyId = _postClaimed();
            if (starts[i]) _start(bountyId);
            skip(1 days);
            _expectEvent();
            emit IBountyMarket.ClaimAbandoned(bountyId, AGENT, poster, LOCK, 1);
            vm.expectEmit(address(staking));
            emit IAgentStaking.StakeForfeited(AGENT, bountyId, LOCK, STAKE - LOCK, 0, START);
            _expectTransfer(address(staking), BURN, LOCK);
            vm.recordLogs();
            _abandon(bountyId);
            assertEq(_countMarketEvents(), 1);

            _assertUnclaimed(bountyId, OPEN, 1);
            _assertSlashes(0, false);
            _assertEscrowed(LOCK);
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /// @dev A claim that is late ends by a slash, which freezes its agent, or by late work. So an agent that holds a run
    /// until the last moment pays a stake for each work period, and is frozen where it misses that moment.
    function test_RevertGiven_Overdue_WhenAbandoned() public {
        bool[2] memory starts = [false, true];
        for (uint256 i = 0; i < starts.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 bountyId = _postClaimed();
            if (starts[i]) _start(bountyId);
            uint32[3] memory times = [START + 7 days + 1, START + 14 days + 1, DEADLINE + 75 days];
            for (uint256 j = 0; j < times.length; ++j) {
                vm.warp(times[j]);
                vm.expectRevert(
                    abi.encodeWithSelector(IBountyMarket.SubmissionOverdue.selector, bountyId, START + 7 days, times[j])
                );
                _abandon(bountyId);
            }
            _slashExpired(bountyId);
            _assertSlashes(1, true);
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /// @dev The run can no longer be claimed, so the escrow is paid back in the same call, as by a slash.
    function test_GivenDeadlinePassed_WhenAbandoned_ThePosterIsRefunded() public {
        uint256 bountyId = _post();
        vm.warp(DEADLINE);
        _claim(bountyId);
        uint256 snapshot = vm.snapshotState();
        _abandon(bountyId);
        _assertState(bountyId, OPEN);
        vm.revertToStateAndDelete(snapshot);

        skip(1);
        _expectEvent();
        emit IBountyMarket.ClaimAbandoned(bountyId, AGENT, poster, LOCK, 1);
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, 105e6);
        _abandon(bountyId);
        _assertUnclaimed(bountyId, DRAFT, 1);
        _assertRefunded(LOCK);
    }

    function test_GivenAbandoned_TheSameAgentMayClaimAgain() public {
        uint256 bountyId = _postClaimed();
        _abandon(bountyId);
        _claim(bountyId);
        assertEq(market.getBounty(bountyId).round, 2);
    }
}
