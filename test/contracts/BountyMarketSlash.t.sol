// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "./support/BountyMarketTest.sol";

contract BountyMarketSlashTest is BountyMarketTest {
    uint40 private constant OVERDUE = START + 7 days + 1;

    function test_WhenSlashed_BountyIsOpenAgainAndStakeIsThePosters() public {
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        _expectSlash(bountyId);
        vm.recordLogs();
        _slashExpired(bountyId);
        assertEq(_countMarketEvents(), 1);

        IBountyMarket.Bounty memory expected = _unclaimed(IBountyMarket.State.OPEN);
        expected.round = 1;
        _assertBounty(bountyId, expected);
        _assertStake(STAKE - LOCK, 0);
        _assertBalances(
            Balances({poster: FUNDS - 105e6 + LOCK, wallet: 0, treasury: 0, market: 105e6, staking: STAKE - LOCK})
        );
        assertEq(uint256(staking.statusOf(AGENT)), uint256(IAgentStaking.Status.FROZEN));
    }

    function test_WhenSlashedAndWithdrawn_BountyIsADraftAndPaidBack() public {
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        _expectEvent();
        emit IBountyMarket.ClaimSlashed(bountyId, AGENT, poster, LOCK);
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, 105e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Slashed(AGENT, bountyId, poster, LOCK, STAKE - LOCK, 0, 0, 1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentFrozen(AGENT);
        _expectTransfer(address(staking), poster, LOCK);
        _expectTransfer(address(market), poster, 105e6);
        vm.recordLogs();
        _slashAndWithdraw(bountyId);
        assertEq(_countMarketEvents(), 2);

        IBountyMarket.Bounty memory expected = _unclaimed(IBountyMarket.State.DRAFT);
        expected.round = 1;
        _assertBounty(bountyId, expected);
        _assertStake(STAKE - LOCK, 0);
        _assertBalances(Balances({poster: FUNDS + LOCK, wallet: 0, treasury: 0, market: 0, staking: STAKE - LOCK}));
    }

    function test_GivenSlashedAndWithdrawn_BountyCanBeFundedAndClaimedAgain() public {
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        _slashAndWithdraw(bountyId);
        _stake(1);
        vm.prank(poster);
        market.fundBounty(bountyId);
        _claim(bountyId);
        IBountyMarket.Bounty memory expected = _claimed(IBountyMarket.State.CLAIMED, OVERDUE);
        expected.round = 2;
        _assertBounty(bountyId, expected);
    }

    function test_GivenWorkInProgress_TimeRunsFromTheClaim() public {
        uint256 bountyId = _postClaimed();
        vm.warp(START + 6 days);
        _start(bountyId);
        _assertSlashedOnlyAfter(bountyId, START + 7 days);
    }

    function test_GivenRevisionRequested_TimeRunsFromTheRequest() public {
        uint256 bountyId = _postSubmitted();
        vm.warp(START + 6 days);
        _requestRevision(bountyId);
        _assertSlashedOnlyAfter(bountyId, START + 13 days);
        assertEq(market.getBounty(bountyId).revisions, 0);
    }

    function test_GivenClaimed_TimeRunsFromTheClaim() public {
        uint256 bountyId = _post();
        vm.warp(START + 3 days);
        _claim(bountyId);
        _assertSlashedOnlyAfter(bountyId, START + 10 days);
    }

    function test_GivenDeadlinePassed_WhenSlashed_BountyIsOpenButCannotBeClaimed() public {
        uint256 bountyId = _post();
        vm.warp(DEADLINE);
        _claim(bountyId);
        vm.warp(DEADLINE + 7 days + 1);
        _slashExpired(bountyId);
        _assertState(bountyId, IBountyMarket.State.OPEN);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBountyMarket.BountyDeadlinePassed.selector, bountyId, DEADLINE, DEADLINE + 7 days + 1
            )
        );
        _claim(bountyId);
        vm.prank(poster);
        market.withdrawBounty(bountyId);
        assertEq(usdc.balanceOf(poster), FUNDS + LOCK);
    }

    function test_WhenSlashed_OtherLocksAreLeftAlone() public {
        _claim(_post(200e6));
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        _slashExpired(bountyId);
        _assertStake(STAKE - LOCK, 20e6);
    }

    function test_GivenSlashed_FormerWalletHasNoSay() public {
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        _slashExpired(bountyId);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidState.selector, bountyId, IBountyMarket.State.OPEN));
        _submit(bountyId);
    }

    function test_GivenBannedAgent_WhenSlashed_StakeIsThePosters() public {
        uint256 bountyId = _postClaimed();
        vm.prank(admin);
        staking.ban(AGENT);
        vm.warp(OVERDUE);
        _slashExpired(bountyId);
        assertEq(usdc.balanceOf(poster), FUNDS - 105e6 + LOCK);
    }

    function test_RevertGiven_AnotherCaller_WhenSlashed() public {
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        address[4] memory callers = [stranger, wallet, treasury, admin];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IBountyMarket.NotPoster.selector, bountyId, callers[i], poster);
            vm.expectRevert(reason);
            vm.prank(callers[i]);
            market.slashExpired(bountyId);
            vm.expectRevert(reason);
            vm.prank(callers[i]);
            market.slashAndWithdraw(bountyId);
        }
    }

    function test_RevertGiven_BlacklistedPoster_WhenSlashed_AgentCanStillDeliver() public {
        uint256 bountyId = _postClaimed();
        vm.warp(OVERDUE);
        usdc.blacklist(poster);
        vm.expectRevert("Blacklistable: account is blacklisted");
        _slashExpired(bountyId);
        vm.expectRevert("Blacklistable: account is blacklisted");
        _slashAndWithdraw(bountyId);

        _submit(bountyId);
        vm.warp(OVERDUE + 7 days + 1);
        market.finalizeReview(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function _slashAndWithdraw(uint256 bountyId) private {
        vm.prank(poster);
        market.slashAndWithdraw(bountyId);
    }

    function _expectSlash(uint256 bountyId) private {
        _expectEvent();
        emit IBountyMarket.ClaimSlashed(bountyId, AGENT, poster, LOCK);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Slashed(AGENT, bountyId, poster, LOCK, STAKE - LOCK, 0, 0, 1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentFrozen(AGENT);
        _expectTransfer(address(staking), poster, LOCK);
    }

    function _assertSlashedOnlyAfter(uint256 bountyId, uint256 submitBy) private {
        vm.warp(submitBy);
        bytes memory reason =
            abi.encodeWithSelector(IBountyMarket.SubmissionNotOverdue.selector, bountyId, submitBy, submitBy);
        vm.expectRevert(reason);
        _slashExpired(bountyId);
        vm.expectRevert(reason);
        _slashAndWithdraw(bountyId);
        vm.warp(submitBy + 1);
        _expectSlash(bountyId);
        _slashExpired(bountyId);
    }
}
