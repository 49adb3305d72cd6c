// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Panic} from "@openzeppelin/contracts/utils/Panic.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingTest} from "../support/AgentStakingTest.sol";

/// @notice The market's calls: lock, release, forfeit.
contract ARunLocksStakeUntilItEnds is AgentStakingTest {
    function test_WhenLocking_StakeStaysAndLockGrows() public {
        _stake(MIN_STAKE);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeLocked(AGENT, BOUNTY, 10e6, 10e6);
        _lock(10e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeLocked(AGENT, BOUNTY + 1, 3e6, 13e6);
        vm.prank(market);
        staking.lock(AGENT, BOUNTY + 1, 3e6);
        _assertAccount(Account(MIN_STAKE, 13e6, START, 0, 0, false, false));
        assertEq(usdc.balanceOf(address(staking)), MIN_STAKE);
    }

    function test_WhenLockingAllThatIsUnlocked_ItPasses() public {
        _stake(MIN_STAKE);
        _lock(1);
        _lock(MIN_STAKE - 1);
        _assertAccount(Account(MIN_STAKE, MIN_STAKE, START, 0, 0, false, false));
    }

    function test_RevertWhen_LockingOneUnitMoreThanIsUnlocked() public {
        _stake(MIN_STAKE);
        _lock(1);
        _expectUnlockable(
            abi.encodeWithSelector(IAgentStaking.InsufficientUnlockedStake.selector, AGENT, MIN_STAKE - 1, MIN_STAKE),
            MIN_STAKE
        );
    }

    function test_RevertWhen_LockingMoreThanAnAccountHolds() public {
        _stake(MIN_STAKE);
        _expectUnlockable(
            abi.encodeWithSelector(
                IAgentStaking.InsufficientUnlockedStake.selector, AGENT, MIN_STAKE, type(uint256).max
            ),
            type(uint256).max
        );
    }

    function test_RevertGiven_OneUnitLessThanMinimum() public {
        _stake(MIN_STAKE - 1);
        _expectUnlockable(
            abi.encodeWithSelector(IAgentStaking.InsufficientStake.selector, AGENT, MIN_STAKE - 1, MIN_STAKE), 1
        );
    }

    function test_RevertGiven_NoStake() public {
        _expectUnlockable(
            abi.encodeWithSelector(IAgentStaking.InsufficientStake.selector, AGENT, 0, MIN_STAKE), MIN_STAKE
        );
    }

    function test_RevertGiven_FrozenBelowMinimum_FreezeIsNamedFirst() public {
        _stake(MIN_STAKE);
        _lockAndSlash(1);
        _expectUnlockable(abi.encodeWithSelector(IAgentStaking.AgentIsFrozen.selector, AGENT), 1e6);
    }

    function test_RevertGiven_BannedAndFrozenBelowMinimum_BanIsNamedFirst() public {
        _stake(MIN_STAKE);
        _lockAndSlash(1);
        _ban();
        _expectUnlockable(abi.encodeWithSelector(IAgentStaking.AgentIsBanned.selector, AGENT), 1e6);
    }

    function test_WhenReleasing_LockEndsAndRunCounts() public {
        _stake(MIN_STAKE);
        _lock(10e6);
        _lock(3e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeReleased(AGENT, BOUNTY, 10e6, 3e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.RunCompleted(AGENT, BOUNTY, 100e6, 1);
        _release(10e6);
        _assertAccount(Account(MIN_STAKE, 3e6, START, 1, 0, false, false));
        assertEq(usdc.balanceOf(address(staking)), MIN_STAKE);
    }

    function test_GivenFrozenAndBanned_WhenReleasing_RunStillCounts() public {
        _stake(MIN_STAKE);
        _lock(1e6);
        _lockAndSlash(1);
        _ban();
        _release(1e6);
        _assertAccount(Account(19e6, 0, 0, 1, 1, true, true));
    }

    function test_RevertWhen_ReleasingMoreThanIsLocked() public {
        _stake(MIN_STAKE);
        _lock(10e6);
        vm.expectRevert(_underflow());
        _release(10e6 + 1);
    }

    function test_WhenForfeiting_TheAmountIsBurnedAndTheAgentIsNotFrozen() public {
        _stake(30e6);
        _lock(10e6);
        _lock(2e6);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeForfeited(AGENT, BOUNTY, 10e6, 20e6, 2e6, START);
        _expectTransfer(address(staking), BURN, 10e6);
        _forfeit(10e6);
        _assertAccount(Account(20e6, 2e6, START, 0, 0, false, false));
        assertEq(usdc.balanceOf(BURN), 10e6);
        assertEq(usdc.balanceOf(address(staking)), 20e6);
    }

    function test_WhenForfeitingBelowMinimum_ClockStops() public {
        _stake(30e6);
        _lock(10e6 + 1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeForfeited(AGENT, BOUNTY, 10e6 + 1, MIN_STAKE - 1, 0, 0);
        _forfeit(10e6 + 1);
        _assertAccount(Account(MIN_STAKE - 1, 0, 0, 0, 0, false, false));
        _assertStatus(IAgentStaking.Status.UNVERIFIED);
    }

    function test_GivenFrozen_WhenForfeiting_ItStaysFrozen() public {
        _stake(40e6);
        _lock(1e6);
        _lockAndSlash(1);
        _forfeit(1e6);
        _assertAccount(Account(38e6, 0, 0, 0, 1, true, false));
    }

    function test_RevertWhen_ForfeitingMoreThanIsLocked() public {
        _stake(MIN_STAKE);
        _lock(10e6);
        vm.expectRevert(_underflow());
        _forfeit(10e6 + 1);
    }

    function test_RevertWhen_AmountsExceedAnAccount() public {
        _stake(MIN_STAKE);
        _lock(1e6);
        uint256 amount = uint256(type(uint56).max) + 1;
        bytes memory reason = abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 56, amount);
        vm.startPrank(market);
        vm.expectRevert(reason);
        staking.release(AGENT, BOUNTY, amount, 1);
        vm.expectRevert(reason);
        staking.forfeit(AGENT, BOUNTY, amount);
        vm.expectRevert(reason);
        staking.slash(AGENT, BOUNTY, amount, START);
    }

    /// @dev Neither a broken registry nor a ban may keep a live run from ending.
    function test_GivenBrokenRegistry_RunsStillEnd() public {
        _stake(40e6);
        _lock(3e6);
        vm.etch(address(registry), "");
        _release(1e6);
        _forfeit(1e6);
        _slash(1e6);
        _assertAccount(Account(38e6, 0, 0, 1, 1, true, false));
    }

    /// @dev Expects `lock` and `checkLock` to refuse `amount` with the same error data.
    function _expectUnlockable(bytes memory reason, uint256 amount) private {
        vm.expectRevert(reason);
        staking.checkLock(AGENT, amount);
        vm.expectRevert(reason);
        _lock(amount);
    }

    function _underflow() private pure returns (bytes memory) {
        return abi.encodeWithSignature("Panic(uint256)", Panic.UNDER_OVERFLOW);
    }
}
