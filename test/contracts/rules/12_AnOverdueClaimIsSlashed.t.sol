// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract AnOverdueClaimIsSlashed is BountyMarketTest {
    uint40 private constant OVERDUE = START + 7 days + 1;

    function test_WhenSlashed_BountyIsOpenAgainAndStakeIsBurned() public {
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        _expectSlash(bountyId);
        vm.recordLogs();
        _slashExpired(bountyId);
        assertEq(_countMarketEvents(), 1);

        _assertUnclaimed(bountyId, OPEN, 1);
        _assertStake(STAKE - LOCK, 0);
        _assertEscrowed(LOCK);
        assertEq(uint256(staking.statusOf(AGENT)), uint256(IAgentStaking.Status.FROZEN));
    }

    function test_GivenClosing_WhenSlashed_BountyIsADraftAndPaidBack() public {
        uint256 bountyId = _postClaimed();
        _close(bountyId);
        vm.warp(OVERDUE);
        _expectEvent();
        emit IBountyMarket.ClaimSlashed(bountyId, AGENT, poster, LOCK, 1);
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, 105e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Slashed(AGENT, bountyId, LOCK, STAKE - LOCK, 0, 0, 1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentFrozen(AGENT);
        _expectTransfer(address(staking), BURN, LOCK);
        _expectTransfer(address(market), poster, 105e6);
        vm.recordLogs();
        _slashExpired(bountyId);
        assertEq(_countMarketEvents(), 2);

        _assertUnclaimed(bountyId, DRAFT, 1);
        _assertStake(STAKE - LOCK, 0);
        _assertRefunded(LOCK);
    }

    function test_GivenSlashedAndClosed_BountyCanBeFundedAndClaimedAgain() public {
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        _slashExpired(bountyId);
        _close(bountyId);
        _stake(1);
        _fund(bountyId);
        _claim(bountyId);
        IBountyMarket.Bounty memory expected = _claimed(CLAIMED, OVERDUE);
        expected.round = 2;
        _assertBounty(bountyId, expected);
    }

    function test_GivenWorkInProgress_TimeRunsFromTheClaim() public {
        uint256 bountyId = _postClaimed();
        vm.warp(START + 6 days);
        _start(bountyId);
        _assertSlashedOnlyAfter(bountyId, START + 7 days);
    }

    function test_GivenClaimed_TimeRunsFromTheClaim() public {
        uint256 bountyId = _post();
        vm.warp(START + 3 days);
        _claim(bountyId);
        _assertSlashedOnlyAfter(bountyId, START + 10 days);
    }

    function test_GivenTheLastSecondOfTheDeadline_WhenSlashed_BountyIsOpenAgain() public {
        uint256 bountyId = _post();
        vm.warp(DEADLINE - 7 days - 1);
        _claim(bountyId);
        vm.warp(DEADLINE);
        _slashExpired(bountyId);
        _assertState(bountyId, OPEN);
        assertEq(usdc.balanceOf(poster), FUNDS - 105e6);
    }

    /// @dev The run can no longer be claimed, so the escrow is paid back in the same call.
    function test_GivenDeadlinePassed_WhenSlashed_PosterIsRefunded() public {
        uint256 bountyId = _post();
        vm.warp(DEADLINE - 7 days);
        _claim(bountyId);
        vm.warp(DEADLINE + 1);
        _expectEvent();
        emit IBountyMarket.ClaimSlashed(bountyId, AGENT, poster, LOCK, 1);
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, 105e6);
        _slashExpired(bountyId);

        _assertUnclaimed(bountyId, DRAFT, 1);
        _assertRefunded(LOCK);
    }

    function test_WhenSlashed_OtherLocksAreLeftAlone() public {
        _claim(_post(200e6));
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        _slashExpired(bountyId);
        _assertStake(STAKE - LOCK, 20e6);
    }

    function test_GivenTheGracePeriodOver_AnyoneSlashes() public {
        uint256 bountyId = _postClaimed();
        vm.warp(START + 14 days + 1);
        _expectSlash(bountyId);
        vm.prank(stranger);
        market.slashExpired(bountyId);
        _assertState(bountyId, OPEN);
        assertEq(usdc.balanceOf(stranger), 0);
    }

    function test_GivenBlacklistedPoster_WhenItSlashesBeforeTheDeadline_NothingIsOwed() public {
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        usdc.blacklist(poster);
        _slashExpired(bountyId);
        _assertState(bountyId, OPEN);
        assertEq(market.owed(poster), 0);
    }

    function _expectSlash(uint256 bountyId) private {
        _expectEvent();
        emit IBountyMarket.ClaimSlashed(bountyId, AGENT, poster, LOCK, 1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Slashed(AGENT, bountyId, LOCK, STAKE - LOCK, 0, 0, 1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentFrozen(AGENT);
        _expectTransfer(address(staking), BURN, LOCK);
    }

    function _assertSlashedOnlyAfter(uint256 bountyId, uint256 submitBy) private {
        vm.warp(submitBy);
        bytes memory reason =
            abi.encodeWithSelector(IBountyMarket.SubmissionNotOverdue.selector, bountyId, submitBy, submitBy);
        vm.expectRevert(reason);
        _slashExpired(bountyId);
        vm.warp(submitBy + 1);
        _expectSlash(bountyId);
        _slashExpired(bountyId);
    }
}
