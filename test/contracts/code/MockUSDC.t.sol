// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {MockUSDC} from "../../../contracts/mocks/MockUSDC.sol";
import {Test} from "../support/Test.sol";

// A transfer that must revert has no return value to check.
// forge-lint: disable-next-item(erc20-unchecked-transfer)
contract MockUSDCTest is Test {
    bytes private constant BLACKLISTED = "Blacklistable: account is blacklisted";
    bytes private constant PAUSED = "Pausable: paused";

    MockUSDC private usdc;
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");
    address private spender = makeAddr("spender");

    function setUp() public {
        usdc = new MockUSDC();
        usdc.mint(alice, 100e6);
        vm.prank(alice);
        usdc.approve(spender, 60e6);
    }

    function test_NameSymbolAndDecimalsAreThoseOfUSDC() public view {
        assertEq(usdc.name(), "USD Coin");
        assertEq(usdc.symbol(), "USDC");
        assertEq(usdc.decimals(), 6);
    }

    function test_WhenAnyoneMints_ReceiverHasIt() public {
        vm.prank(bob);
        usdc.mint(bob, 5);
        assertEq(usdc.balanceOf(bob), 5);
        assertEq(usdc.totalSupply(), 100e6 + 5);
    }

    function test_WhenTransferred_BalancesMove() public {
        vm.prank(alice);
        assertTrue(usdc.transfer(bob, 40e6));
        vm.prank(spender);
        assertTrue(usdc.transferFrom(alice, bob, 60e6));
        assertEq(usdc.balanceOf(alice), 0);
        assertEq(usdc.balanceOf(bob), 100e6);
        assertEq(usdc.allowance(alice, spender), 0);
    }

    function test_RevertWhen_SpendingOneUnitMoreThanAllowed() public {
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, spender, 60e6, 60e6 + 1)
        );
        vm.prank(spender);
        usdc.transferFrom(alice, bob, 60e6 + 1);
    }

    function test_WhenBlacklistedAndFreed_EventsNameTheAccount() public {
        vm.expectEmit(address(usdc));
        emit MockUSDC.Blacklisted(bob);
        usdc.blacklist(bob);
        assertTrue(usdc.isBlacklisted(bob));

        vm.expectEmit(address(usdc));
        emit MockUSDC.UnBlacklisted(bob);
        usdc.unBlacklist(bob);
        assertFalse(usdc.isBlacklisted(bob));
        vm.prank(alice);
        assertTrue(usdc.transfer(bob, 1));
    }

    function test_RevertGiven_BlacklistedSender() public {
        usdc.blacklist(alice);
        _expectTransfersRevert(BLACKLISTED);
        vm.expectRevert(BLACKLISTED);
        vm.prank(alice);
        usdc.approve(bob, 1);
    }

    function test_RevertGiven_BlacklistedReceiver() public {
        usdc.blacklist(bob);
        _expectTransfersRevert(BLACKLISTED);
        vm.expectRevert(BLACKLISTED);
        usdc.mint(bob, 1);
    }

    function test_RevertGiven_BlacklistedSpender() public {
        usdc.blacklist(spender);
        vm.expectRevert(BLACKLISTED);
        vm.prank(spender);
        usdc.transferFrom(alice, bob, 1);
        vm.expectRevert(BLACKLISTED);
        vm.prank(alice);
        usdc.approve(spender, 1);
        vm.prank(alice);
        assertTrue(usdc.transfer(bob, 1));
    }

    function test_RevertGiven_BlacklistedMinter() public {
        usdc.blacklist(bob);
        vm.expectRevert(BLACKLISTED);
        vm.prank(bob);
        usdc.mint(alice, 1);
    }

    function test_RevertGiven_Paused() public {
        vm.expectEmit(address(usdc));
        emit MockUSDC.Pause();
        usdc.pause();
        assertTrue(usdc.paused());

        _expectTransfersRevert(PAUSED);
        vm.expectRevert(PAUSED);
        usdc.mint(alice, 1);
        vm.expectRevert(PAUSED);
        vm.prank(alice);
        usdc.approve(bob, 1);
    }

    function test_RevertGiven_PausedAndBlacklisted_PauseIsNamed() public {
        usdc.blacklist(alice);
        usdc.pause();
        _expectTransfersRevert(PAUSED);
    }

    function test_GivenPaused_WhenUnpaused_TransfersGoOn() public {
        usdc.pause();
        vm.expectEmit(address(usdc));
        emit MockUSDC.Unpause();
        usdc.unpause();
        assertFalse(usdc.paused());
        vm.prank(alice);
        assertTrue(usdc.transfer(bob, 1));
    }

    /// @dev Alice's own transfer to Bob, and the spender's.
    function _expectTransfersRevert(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(alice);
        usdc.transfer(bob, 1);
        vm.expectRevert(reason);
        vm.prank(spender);
        usdc.transferFrom(alice, bob, 1);
    }
}
