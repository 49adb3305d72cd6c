// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingTest} from "../support/AgentStakingTest.sol";

/// @notice Every status of the trust ladder, and the owner's two calls.
contract StandingFollowsStakeTimeAndCompletions is AgentStakingTest {
    function test_GivenNoStake_StatusIsUnverified() public view {
        _assertStatus(IAgentStaking.Status.UNVERIFIED);
        assertEq(uint256(staking.statusOf(type(uint256).max)), uint256(IAgentStaking.Status.UNVERIFIED));
    }

    function test_WhenStakeReachesMinimum_StatusIsProvisional() public {
        _stake(MIN_STAKE - 1);
        _assertStatus(IAgentStaking.Status.UNVERIFIED);
        _stake(1);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
    }

    /// @dev What is locked for a run is still the agent's.
    function test_GivenAllStakeLocked_StatusIsProvisional() public {
        _stake(MIN_STAKE);
        _lock(MIN_STAKE);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
    }

    function test_GivenFiveCompletions_StatusIsEstablishedAtThirtyDaysToTheSecond() public {
        _stake(MIN_STAKE);
        _complete(5);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
        vm.warp(START + 30 days - 1);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
        vm.warp(START + 30 days);
        _assertStatus(IAgentStaking.Status.ESTABLISHED);
    }

    function test_GivenThirtyDays_StatusIsEstablishedAtTheFifthCompletion() public {
        _stake(MIN_STAKE);
        skip(30 days);
        _complete(4);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
        _complete(1);
        _assertStatus(IAgentStaking.Status.ESTABLISHED);
    }

    function test_GivenEstablished_WhenStakeDipsBelowMinimum_ThirtyDaysBeginAgain() public {
        _establish();
        _unstake(1);
        _assertStatus(IAgentStaking.Status.UNVERIFIED);
        _stake(1);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
        skip(30 days - 1);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
        skip(1);
        _assertStatus(IAgentStaking.Status.ESTABLISHED);
    }

    function test_GivenEstablished_WhenSlashed_FreezeThenThirtyDaysAgain() public {
        _establish();
        _lockAndSlash(1);
        _assertStatus(IAgentStaking.Status.FROZEN);
        skip(30 days);
        _assertStatus(IAgentStaking.Status.FROZEN);
        _stake(1e6 - 1);
        _assertStatus(IAgentStaking.Status.FROZEN);
        _stake(1);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
        skip(30 days);
        _assertStatus(IAgentStaking.Status.ESTABLISHED);
    }

    function test_GivenFrozen_WhenAllStakeLeaves_StatusIsStillFrozen() public {
        _stake(MIN_STAKE);
        _lockAndSlash(1);
        _unstake(19e6);
        _assertStatus(IAgentStaking.Status.FROZEN);
    }

    function test_GivenBanned_BanBeatsFreezeAndEveryStake() public {
        _establish();
        _ban();
        _assertStatus(IAgentStaking.Status.BANNED);
        _unban();
        _assertStatus(IAgentStaking.Status.ESTABLISHED);
        _lockAndSlash(3);
        _assertStatus(IAgentStaking.Status.BANNED);
        _stake(1e6);
        _assertStatus(IAgentStaking.Status.BANNED);
    }

    function test_GivenBannedAtThirdSlash_WhenUnbanned_FreezeStays() public {
        _stake(MIN_STAKE);
        _lockAndSlash(3);
        _unban();
        _assertStatus(IAgentStaking.Status.FROZEN);
        _assertAccount(Account(19e6, 0, 0, 0, 3, true, false));
        _stake(1e6);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
    }

    function test_WhenTransferred_StandingFollowsTheToken() public {
        _establish();
        vm.prank(owner);
        registry.transferFrom(owner, stranger, AGENT);
        _assertStatus(IAgentStaking.Status.ESTABLISHED);
    }

    function test_WhenOwnerBans_OnlyTheFlagChanges() public {
        _stake(40e6);
        _lockAndSlash(1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentBanned(AGENT, 1);
        _ban();
        _assertAccount(Account(39e6, 0, 0, 0, 1, true, true));
    }

    function test_WhenOwnerBansUnknownAgent_ItIsBannedBeforeItExists() public {
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentBanned(99, 0);
        vm.prank(admin);
        staking.ban(99);
        assertEq(uint256(staking.statusOf(99)), uint256(IAgentStaking.Status.BANNED));
    }

    function test_WhenOwnerUnbans_OnlyTheFlagChanges() public {
        _stake(40e6);
        _ban();
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentUnbanned(AGENT);
        _unban();
        _assertAccount(Account(40e6, 0, START, 0, 0, false, false));
    }

    function test_WhenOwnershipIsOffered_ItMovesOnlyOnAcceptance() public {
        vm.prank(admin);
        staking.transferOwnership(stranger);
        _ban();
        vm.startPrank(stranger);
        staking.acceptOwnership();
        staking.unban(AGENT);
        vm.stopPrank();
        assertEq(staking.owner(), stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, admin));
        _ban();
    }

    function _establish() private {
        _stake(MIN_STAKE);
        _complete(5);
        skip(30 days);
        _assertStatus(IAgentStaking.Status.ESTABLISHED);
    }
}
