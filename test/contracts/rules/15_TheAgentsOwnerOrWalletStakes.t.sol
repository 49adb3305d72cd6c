// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {AgentStaking} from "../../../contracts/AgentStaking.sol";
import {IAgentRegistry} from "../../../contracts/interfaces/IAgentRegistry.sol";
import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingTest} from "../support/AgentStakingTest.sol";

contract TheAgentsOwnerOrWalletStakes is AgentStakingTest {
    uint256 private constant MAXIMUM = type(uint56).max;

    function test_WhenCreated_LinksAndConstantsAreSet() public view {
        assertEq(staking.MARKET(), market);
        assertEq(staking.USDC(), address(usdc));
        assertEq(staking.REGISTRY(), address(registry));
        assertEq(staking.owner(), admin);
        assertEq(staking.MIN_STAKE(), 20_000_000);
        assertEq(staking.ESTABLISHED_AFTER(), 2_592_000);
        assertEq(staking.ESTABLISHED_COMPLETIONS(), 5);
        assertEq(staking.BAN_AFTER_SLASHES(), 3);
    }

    function test_RevertWhen_CreatedWithoutUSDCRegistryOrOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.ZeroAddress.selector));
        new AgentStaking(address(0), address(registry), admin);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.ZeroAddress.selector));
        new AgentStaking(address(usdc), address(0), admin);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new AgentStaking(address(usdc), address(registry), address(0));
    }

    function test_GivenNoStake_AccountIsZero() public view {
        Account memory zero;
        _assertAccount(zero);
        _assertEq(_account(type(uint256).max), zero);
    }

    function test_GivenOwner_WhenStakingMinimum_ClockStarts() public {
        vm.expectEmit(address(staking));
        emit IAgentStaking.Staked(AGENT, owner, MIN_STAKE, MIN_STAKE, START);
        _expectTransfer(owner, address(staking), MIN_STAKE);
        _stake(MIN_STAKE);

        _assertAccount(Account(MIN_STAKE, 0, START, 0, 0, false, false));
        assertEq(usdc.balanceOf(address(staking)), MIN_STAKE);
        assertEq(usdc.balanceOf(owner), 1e12 - MIN_STAKE);
    }

    function test_GivenAClockOfMoreThan32Bits_StakingStillWorks() public {
        uint64 later = uint64(type(uint32).max) + 1;
        vm.warp(later);
        _stake(MIN_STAKE);
        _assertAccount(Account(MIN_STAKE, 0, later, 0, 0, false, false));
    }

    function test_GivenWallet_WhenStaking_TheWalletPays() public {
        vm.expectEmit(address(staking));
        emit IAgentStaking.Staked(AGENT, wallet, 30e6, 30e6, START);
        _expectTransfer(wallet, address(staking), 30e6);
        vm.prank(wallet);
        staking.stake(AGENT, 30e6);
        assertEq(usdc.balanceOf(wallet), 1e12 - 30e6);
    }

    function test_WhenStakingOneUnitLess_ClockDoesNotStart() public {
        vm.expectEmit(address(staking));
        emit IAgentStaking.Staked(AGENT, owner, MIN_STAKE - 1, MIN_STAKE - 1, 0);
        _stake(MIN_STAKE - 1);
        _assertAccount(Account(MIN_STAKE - 1, 0, 0, 0, 0, false, false));
    }

    function test_GivenOneUnitMissing_WhenStakingIt_ClockStartsNow() public {
        _stake(MIN_STAKE - 1);
        skip(1 days);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Staked(AGENT, owner, 1, MIN_STAKE, START + 1 days);
        _stake(1);
        _assertAccount(Account(MIN_STAKE, 0, START + 1 days, 0, 0, false, false));
    }

    function test_GivenMinimum_WhenStakingMore_ClockGoesOn() public {
        _stake(MIN_STAKE);
        skip(1 days);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Staked(AGENT, owner, 5e6, MIN_STAKE + 5e6, START);
        _stake(5e6);
        _assertAccount(Account(MIN_STAKE + 5e6, 0, START, 0, 0, false, false));
    }

    function test_GivenFrozen_WhenStakingOneUnitAboveMinimum_AgentIsUnfrozenAndClockStartsNow() public {
        _stake(40e6);
        _lockAndSlash(1);
        skip(1 days);
        vm.expectEmit(address(staking));
        emit IAgentStaking.Staked(AGENT, owner, 1, 39e6 + 1, START + 1 days);
        vm.expectEmit(address(staking));
        emit IAgentStaking.AgentUnfrozen(AGENT);
        _expectTransfer(owner, address(staking), 1);
        _stake(1);
        _assertAccount(Account(39e6 + 1, 0, START + 1 days, 0, 1, false, false));
    }

    function test_GivenFrozenBelowMinimum_WhenStakingToOneUnitLess_AgentStaysFrozen() public {
        _stake(MIN_STAKE);
        _lockAndSlash(1);
        vm.recordLogs();
        _stake(1e6 - 1);
        _assertRecorded(IAgentStaking.Staked.selector, 0, 0);
        _assertAccount(Account(MIN_STAKE - 1, 0, 0, 0, 1, true, false));

        _stake(1);
        _assertAccount(Account(MIN_STAKE, 0, START, 0, 1, false, false));
    }

    function test_GivenFrozenAndBanned_WhenStaking_OnlyTheFreezeEnds() public {
        _stake(MIN_STAKE);
        _lockAndSlash(1);
        _ban();
        _stake(1e6);
        _assertAccount(Account(MIN_STAKE, 0, START, 0, 1, false, true));
    }

    function test_GivenNotFrozen_WhenStaking_NothingIsUnfrozen() public {
        vm.recordLogs();
        _stake(MIN_STAKE);
        _assertRecorded(IAgentStaking.Staked.selector, 0, 0);
    }

    function test_RevertGiven_RegistryWithoutCode() public {
        vm.etch(address(registry), "");
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.AgentNotFound.selector, AGENT));
        _stake(1);
    }

    function test_RevertGiven_ApprovedForTheAgentOnly() public {
        vm.prank(owner);
        registry.setApprovalForAll(stranger, true);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentWalletOrOwner.selector, AGENT, stranger));
        vm.prank(stranger);
        staking.stake(AGENT, 1);
    }

    function test_RevertGiven_WalletThatWasUnset() public {
        vm.prank(owner);
        registry.unsetAgentWallet(AGENT);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentWalletOrOwner.selector, AGENT, wallet));
        vm.prank(wallet);
        staking.stake(AGENT, 1);
    }

    /// @dev The canonical registry's ids start at zero.
    function test_GivenAgentZeroOfAForeignRegistry_OwnerStakes() public {
        vm.mockCall(address(registry), abi.encodeCall(IERC721.ownerOf, (0)), abi.encode(owner));
        vm.prank(owner);
        staking.stake(0, MIN_STAKE);
        assertEq(_account(0).staked, MIN_STAKE);
    }

    function test_GivenRegistryThatFailsToNameWallets_OwnerAloneStakes() public {
        vm.mockCallRevert(address(registry), abi.encodeCall(IAgentRegistry.getAgentWallet, (AGENT)), "broken");
        _stake(MIN_STAKE);
        assertEq(_account(AGENT).staked, MIN_STAKE);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentWalletOrOwner.selector, AGENT, wallet));
        vm.prank(wallet);
        staking.stake(AGENT, 1);
    }

    function test_WhenStakingTheMaximum_ItFits() public {
        usdc.mint(owner, MAXIMUM);
        _stake(1);
        _stake(MAXIMUM - 1);
        _assertAccount(Account(MAXIMUM, 0, START, 0, 0, false, false));
    }

    function test_RevertWhen_StakingOneUnitMoreThanTheMaximum() public {
        usdc.mint(owner, MAXIMUM);
        _stake(1);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.StakeTooLarge.selector, AGENT, MAXIMUM + 1, MAXIMUM));
        _stake(MAXIMUM);
    }

    function test_RevertWhen_StakingMoreThanAWord() public {
        _stake(1);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.StakeTooLarge.selector, AGENT, type(uint256).max, MAXIMUM));
        _stake(type(uint256).max);
    }

    function test_RevertGiven_TooSmallAnAllowance() public {
        vm.prank(owner);
        usdc.approve(address(staking), MIN_STAKE - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(staking), MIN_STAKE - 1, MIN_STAKE
            )
        );
        _stake(MIN_STAKE);
    }

    function test_RevertGiven_BlacklistedPayer() public {
        usdc.blacklist(owner);
        vm.expectRevert("Blacklistable: account is blacklisted");
        _stake(MIN_STAKE);
    }
}
