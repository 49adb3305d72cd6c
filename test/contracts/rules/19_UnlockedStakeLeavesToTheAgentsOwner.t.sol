// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentRegistry} from "../../../contracts/interfaces/IAgentRegistry.sol";
import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingTest} from "../support/AgentStakingTest.sol";

contract UnlockedStakeLeavesToTheAgentsOwner is AgentStakingTest {
    function test_GivenOwner_WhenUnstakingAll_ClockStops() public {
        _stake(MIN_STAKE);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Unstaked(AGENT, owner, owner, MIN_STAKE, 0, 0, 0);
        _expectTransfer(address(staking), owner, MIN_STAKE);
        _unstake(MIN_STAKE);

        _assertAccount(Account(0, 0, 0, 0, 0, false, false));
        assertEq(usdc.balanceOf(owner), 1e12);
        assertEq(usdc.balanceOf(address(staking)), 0);
    }

    function test_GivenWallet_WhenUnstaking_TheOwnerIsPaid() public {
        _stake(30e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Unstaked(AGENT, wallet, owner, 5e6, 25e6, START, 0);
        _expectTransfer(address(staking), owner, 5e6);
        vm.prank(wallet);
        staking.unstake(AGENT, 5e6);
        assertEq(usdc.balanceOf(wallet), 1e12);
    }

    function test_WhenExactlyMinimumStays_ClockGoesOn() public {
        _stake(30e6);
        skip(1 days);
        _unstake(10e6);
        _assertAccount(Account(MIN_STAKE, 0, START, 0, 0, false, false));
    }

    function test_WhenOneUnitLessStays_ClockStops() public {
        _stake(30e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Unstaked(AGENT, owner, owner, 10e6 + 1, MIN_STAKE - 1, 0, 0);
        _unstake(10e6 + 1);
        _assertAccount(Account(MIN_STAKE - 1, 0, 0, 0, 0, false, false));
    }

    function test_GivenTransferredAgent_StakeFollowsTheToken() public {
        _stake(30e6);
        address buyer = makeAddr("buyer");
        vm.prank(owner);
        registry.transferFrom(owner, buyer, AGENT);

        address[2] memory former = [owner, wallet];
        for (uint256 i = 0; i < former.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentWalletOrOwner.selector, AGENT, former[i]));
            vm.prank(former[i]);
            staking.unstake(AGENT, 1);
        }
        vm.expectEmit(address(staking));
        emit IAgentStaking.Unstaked(AGENT, buyer, buyer, 30e6, 0, 0, 0);
        vm.prank(buyer);
        staking.unstake(AGENT, 30e6);
        assertEq(usdc.balanceOf(buyer), 30e6);
    }

    function test_GivenFrozenAndBanned_StakeCanStillLeave() public {
        _stake(MIN_STAKE);
        _lockAndSlash(1);
        _ban();
        _unstake(19e6);
        _assertAccount(Account(0, 0, 0, 0, 1, true, true));
    }

    function test_GivenFrozenAboveMinimum_WhenUnstaking_AgentStaysFrozen() public {
        _stake(40e6);
        _lockAndSlash(1);
        _unstake(10e6);
        _assertAccount(Account(29e6, 0, 0, 0, 1, true, false));
    }

    /// @dev Of 50 USDC, with a lock below the minimum and above it.
    function test_GivenALock_ItAndTheMinimumStay() public {
        uint256[3] memory locks = [uint256(1), 10e6, 35e6];
        uint256[3] memory required = [MIN_STAKE, MIN_STAKE, 35e6];
        for (uint256 i = 0; i < locks.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _stake(50e6);
            _lock(locks[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IAgentStaking.StakeIsLocked.selector, AGENT, required[i] - 1, required[i])
            );
            _unstake(50e6 - required[i] + 1);
            _unstake(50e6 - required[i]);
            _assertAccount(Account(required[i], locks[i], START, 0, 0, false, false));
            vm.revertToStateAndDelete(snapshot);
        }
    }

    function test_GivenEndedRun_WhenUnstakingAll_ItPasses() public {
        _stake(30e6);
        _lock(10e6);
        _release(10e6);
        _unstake(30e6);
        _assertAccount(Account(0, 0, 0, 1, 0, false, false));
    }

    /// @dev A slash may leave less than the minimum while stake is locked: then nothing can be unstaked.
    function test_RevertGiven_LockAndLessThanMinimum() public {
        _stake(MIN_STAKE);
        _lock(1e6);
        _lock(1e6);
        _slash(1e6);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.StakeIsLocked.selector, AGENT, 19e6 - 1, MIN_STAKE));
        _unstake(1);
    }

    function test_RevertWhen_UnstakingOneUnitTooMuch() public {
        _stake(MIN_STAKE);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentStaking.AmountExceedsStake.selector, AGENT, MIN_STAKE + 1, MIN_STAKE)
        );
        _unstake(MIN_STAKE + 1);
    }

    function test_RevertWhen_UnstakingMoreThanAWordHolds() public {
        _stake(MIN_STAKE);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentStaking.AmountExceedsStake.selector, AGENT, type(uint256).max, MIN_STAKE)
        );
        _unstake(type(uint256).max);
    }

    function test_GivenRegistryThatFailsToNameWallets_OwnerGetsHisStakeBack() public {
        _stake(MIN_STAKE);
        vm.mockCallRevert(address(registry), abi.encodeCall(IAgentRegistry.getAgentWallet, (AGENT)), "broken");
        _unstake(MIN_STAKE);
        assertEq(usdc.balanceOf(owner), 1e12);
    }

    function test_RevertGiven_BlacklistedOwner_StakeStays() public {
        _stake(MIN_STAKE);
        usdc.blacklist(owner);
        vm.expectRevert("Blacklistable: account is blacklisted");
        _unstake(MIN_STAKE);
        assertEq(_account(AGENT).staked, MIN_STAKE);
    }
}
