// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingTest} from "../support/AgentStakingTest.sol";

/// @notice `stakeFor`: the payer is neither the agent's wallet nor its owner.
contract AnyoneMayStakeForAnAgent is AgentStakingTest {
    function setUp() public override {
        super.setUp();
        _fund(stranger);
    }

    function test_WhenStakedFor_TheCallerPaysAndTheAgentHasIt() public {
        vm.expectEmit(address(staking));
        emit IAgentStaking.Staked(AGENT, stranger, MIN_STAKE, MIN_STAKE, START);
        _expectTransfer(stranger, address(staking), MIN_STAKE);
        _stakeFor(AGENT, owner, MIN_STAKE);
        _assertAccount(Account(MIN_STAKE, 0, START, 0, 0, false, false));
        assertEq(usdc.balanceOf(stranger), 1e12 - MIN_STAKE);
    }

    function test_GivenFrozen_WhenStakedFor_AgentIsUnfrozen() public {
        _stake(40e6);
        _lockAndSlash(1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Staked(AGENT, stranger, 1, 39e6 + 1, START);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentUnfrozen(AGENT);
        _stakeFor(AGENT, owner, 1);
    }

    /// @dev More stake must not renew the clock of an agent: with it, anyone could take a label away.
    function test_GivenStaked_WhenMoreIsStakedFor_ClockGoesOn() public {
        _stake(MIN_STAKE);
        skip(29 days);
        _stakeFor(AGENT, owner, 1e6);
        assertEq(_account(AGENT).stakedAt, START);
    }

    function test_TheOwnerUnstakesWhatAnotherPaid() public {
        _stakeFor(AGENT, owner, MIN_STAKE);
        _unstake(MIN_STAKE);
        assertEq(usdc.balanceOf(owner), 1e12 + MIN_STAKE);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentWalletOrOwner.selector, AGENT, stranger));
        vm.prank(stranger);
        staking.unstake(AGENT, 1);
    }

    /// @dev After a reorg, another agent may have the id.
    function test_RevertGiven_AnotherOwner() public {
        address[5] memory others = [wallet, stranger, address(0), address(0x1000), address(type(uint160).max)];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentOwner.selector, AGENT, others[i], owner));
            _stakeFor(AGENT, others[i], 1);
        }
        assertEq(usdc.balanceOf(stranger), 1e12);
    }

    function test_RevertWhen_StakingOneUnitMoreThanTheMaximum() public {
        uint256 maximum = type(uint56).max;
        _stake(1);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.StakeTooLarge.selector, AGENT, maximum + 1, maximum));
        _stakeFor(AGENT, owner, maximum);
    }

    function _stakeFor(uint256 agentId, address agentOwner, uint256 amount) private {
        vm.prank(stranger);
        staking.stakeFor(agentId, agentOwner, amount);
    }
}
