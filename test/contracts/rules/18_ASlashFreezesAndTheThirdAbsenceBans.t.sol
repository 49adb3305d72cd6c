// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Panic} from "@openzeppelin/contracts/utils/Panic.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingTest} from "../support/AgentStakingTest.sol";

contract ASlashFreezesAndTheThirdAbsenceBans is AgentStakingTest {
    function test_WhenSlashed_TheAmountIsBurnedAndTheAgentIsFrozen() public {
        _stake(40e6);
        _lock(10e6);
        _lock(2e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Slashed(AGENT, BOUNTY, 10e6, 30e6, 2e6, 0, 1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentFrozen(AGENT);
        _expectTransfer(address(staking), BURN, 10e6);
        _slash(10e6);
        _assertAccount(Account(30e6, 2e6, 0, 0, 1, true, false));
        assertEq(usdc.balanceOf(BURN), 10e6);
        assertEq(usdc.balanceOf(address(staking)), 30e6);
    }

    /// @dev Runs that an agent misses while it is frozen belong to the absence that froze it.
    function test_GivenFrozen_WhenSlashedAgain_ItCountsOnceAndNoSecondFreezeIsLogged() public {
        _stake(40e6);
        _lock(2e6);
        _slash(1e6);
        vm.recordLogs();
        _slash(1e6);
        _assertRecorded(IAgentStaking.Slashed.selector, 0, 0);
        _assertAccount(Account(38e6, 0, 0, 0, 1, true, false));
    }

    /// @dev `stakedAt` is when the agent was unfrozen, by whatever account.
    function test_GivenUnfrozen_WhenAnEarlierClaimIsSlashed_ItFreezesAndDoesNotCount() public {
        uint64[3] memory claims = [START, START + 1 days - 1, START + 1 days];
        uint256[3] memory counts = [uint256(1), 1, 2];
        for (uint256 i = 0; i < claims.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _stake(40e6);
            _lock(2e6);
            _slash(1e6);
            vm.warp(START + 1 days);
            _stake(1);
            vm.warp(START + 9 days);
            vm.expectEmit(address(staking));
            emit IAgentStaking.Slashed(AGENT, BOUNTY, 1e6, 38e6 + 1, 0, 0, counts[i]);
            vm.expectEmit(address(staking));
            emit IAgentStaking.AgentFrozen(AGENT);
            _slash(1e6, claims[i]);
            _assertAccount(Account(38e6 + 1, 0, 0, 0, counts[i], true, false));
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /// @dev What does not count does not ban either.
    function test_GivenUnbannedAfterThreeSlashes_WhenAnEarlierClaimIsSlashed_TheAgentIsNotBanned() public {
        _stake(40e6);
        _lockAndSlash(3);
        _unban();
        vm.warp(START + 1 days);
        _stake(3e6);
        _lock(1e6);
        _slash(1e6, START);
        _assertAccount(Account(41e6, 0, 0, 0, 3, true, false));
    }

    /// @dev An account that never had MIN_STAKE again since a forfeit is not frozen, so its slash counts.
    function test_GivenLessThanTheMinimum_WhenSlashed_ItCounts() public {
        _stake(MIN_STAKE);
        _lock(2e6);
        _forfeit(1e6);
        _slash(1e6, START);
        _assertAccount(Account(MIN_STAKE - 2e6, 0, 0, 0, 1, true, false));
    }

    function test_WhenSlashedTheSecondTime_AgentIsNotBanned() public {
        _stake(40e6);
        _lockAndSlash(1);
        _stake(1);
        vm.recordLogs();
        _lock(1e6);
        _slash(1e6);
        _assertRecorded(
            IAgentStaking.StakeLocked.selector, IAgentStaking.Slashed.selector, IAgentStaking.AgentFrozen.selector
        );
        _assertStatus(IAgentStaking.Status.FROZEN);
    }

    function test_WhenSlashedTheThirdTime_AgentIsBanned() public {
        _stake(38e6);
        _lockAndSlash(2);
        _stake(1);
        _lock(1e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Slashed(AGENT, BOUNTY, 1e6, 36e6 + 1, 0, 0, 3);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentFrozen(AGENT);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentBanned(AGENT, 3);
        _expectTransfer(address(staking), BURN, 1e6);
        _slash(1e6);
        _assertAccount(Account(36e6 + 1, 0, 0, 0, 3, true, true));
    }

    function test_GivenBanned_WhenSlashedTheThirdTime_NoSecondBanIsLogged() public {
        _stake(38e6);
        _lockAndSlash(2);
        _stake(1);
        _lock(1e6);
        _ban();
        vm.recordLogs();
        _slash(1e6);
        _assertRecorded(IAgentStaking.Slashed.selector, IAgentStaking.AgentFrozen.selector, 0);
        _assertAccount(Account(36e6 + 1, 0, 0, 0, 3, true, true));
    }

    /// @dev A ban does not stand for the freeze: unbanned, the agent is still frozen.
    function test_GivenBannedAndNotFrozen_WhenSlashed_AgentIsFrozen() public {
        _stake(40e6);
        _lock(1e6);
        _ban();
        vm.recordLogs();
        _slash(1e6);
        _assertRecorded(IAgentStaking.Slashed.selector, IAgentStaking.AgentFrozen.selector, 0);
        _assertAccount(Account(39e6, 0, 0, 0, 1, true, true));
        _unban();
        _assertStatus(IAgentStaking.Status.FROZEN);
    }

    function test_GivenUnbanned_WhenSlashedTheFourthTime_AgentIsBannedAgain() public {
        _stake(37e6);
        _lockAndSlash(3);
        _unban();
        _stake(1);
        _lock(1e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Slashed(AGENT, BOUNTY, 1e6, 35e6 + 1, 0, 0, 4);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentFrozen(AGENT);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentBanned(AGENT, 4);
        _slash(1e6);
        _assertAccount(Account(35e6 + 1, 0, 0, 0, 4, true, true));
    }

    function test_WhenSlashedOfEverything_AccountIsEmptyAndFrozen() public {
        _stake(MIN_STAKE);
        _lock(MIN_STAKE);
        _slash(MIN_STAKE);
        _assertAccount(Account(0, 0, 0, 0, 1, true, false));
        assertEq(usdc.balanceOf(address(staking)), 0);
    }

    function test_RevertWhen_SlashingMoreThanIsLocked() public {
        _stake(MIN_STAKE);
        _lock(10e6);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", Panic.UNDER_OVERFLOW));
        _slash(10e6 + 1);
    }

    function test_GivenRefusedTransfers_LostStakeWaitsUntilItIsBurned() public {
        _stake(MIN_STAKE);
        _lock(10e6);
        usdc.pause();
        vm.startPrank(market);
        vm.expectEmit(address(staking));
        emit IAgentStaking.BurnDeferred(4e6);
        assertFalse(staking.forfeit(AGENT, BOUNTY, 4e6));
        vm.expectEmit(address(staking));
        emit IAgentStaking.BurnDeferred(10e6);
        assertFalse(staking.slash(AGENT, BOUNTY, 6e6, START));
        vm.expectRevert("Pausable: paused");
        staking.burnDeferred();
        vm.stopPrank();
        _assertAccount(Account(10e6, 0, 0, 0, 1, true, false));
        assertEq(staking.unburned(), 10e6);
        assertEq(usdc.balanceOf(address(staking)), MIN_STAKE);

        usdc.unpause();
        vm.expectEmit(address(staking));
        emit IAgentStaking.BurnDeferred(0);
        _expectTransfer(address(staking), BURN, 10e6);
        vm.prank(market);
        assertEq(staking.burnDeferred(), 10e6);
        assertEq(staking.unburned(), 0);
        assertEq(usdc.balanceOf(BURN), 10e6);
    }

    function test_GivenNothingUnburned_WhenBurned_NoTransferIsMade() public {
        usdc.pause();
        vm.prank(market);
        assertEq(staking.burnDeferred(), 0);
    }

    function test_WhenBurnedAtOnce_TheCallSaysSo() public {
        _stake(MIN_STAKE);
        _lock(10e6);
        vm.startPrank(market);
        assertTrue(staking.forfeit(AGENT, BOUNTY, 4e6));
        assertTrue(staking.slash(AGENT, BOUNTY, 6e6, START));
        vm.stopPrank();
        assertEq(staking.unburned(), 0);
    }
}
