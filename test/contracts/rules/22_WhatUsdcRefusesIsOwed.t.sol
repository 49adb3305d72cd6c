// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract WhatUsdcRefusesIsOwed is BountyMarketTest {
    function test_GivenPausedUsdc_WhenFinalized_BothAreOwed() public {
        uint256 bountyId = _postSubmitted();
        usdc.pause();
        vm.warp(START + 7 days + 1);
        _expectDeferred(bountyId, wallet, REWARD);
        _expectDeferred(bountyId, BURN, FEE);
        market.finalizeReview(bountyId);
        _assertState(bountyId, APPROVED);
        _assertOwed(REWARD, 0);
        assertEq(market.owed(BURN), FEE);
        assertEq(usdc.balanceOf(address(market)), 105e6);
    }

    function test_GivenBlacklistedTreasury_WhenRejected_NothingIsOwed() public {
        uint256 bountyId = _postRejectable();
        usdc.blacklist(treasury);
        _reject(bountyId);
        _assertOwed(0, 0);
        assertEq(market.owed(BURN), 0);
    }

    /// @dev A rejection that had to wait could become an approval by timeout.
    function test_GivenBlacklistedPoster_WhenRejected_TheRefundIsOwed() public {
        uint256 bountyId = _postRejectable();
        usdc.blacklist(poster);
        _expectDeferred(bountyId, poster, REWARD);
        _reject(bountyId);
        _assertState(bountyId, REJECTED);
        assertEq(market.owed(poster), REWARD);
        usdc.unBlacklist(poster);
        market.collect(poster);
        assertEq(usdc.balanceOf(poster), FUNDS - FEE);
    }

    function test_GivenPausedUsdc_WhenRejected_TheRejectionStandsAndAllIsOwed() public {
        uint256 bountyId = _postRejectable();
        usdc.pause();
        _expectDeferred(bountyId, BURN, LOCK);
        _expectDeferred(bountyId, poster, REWARD);
        _expectDeferred(bountyId, BURN, FEE);
        _reject(bountyId);

        _assertState(bountyId, REJECTED);
        _assertStake(STAKE - LOCK, 0);
        assertEq(market.owed(BURN), FEE + LOCK);
        assertEq(market.owed(poster), REWARD);
        assertEq(staking.unburned(), LOCK);

        usdc.unpause();
        _expectEvent();
        emit IBountyMarket.PaymentCollected(BURN, FEE + LOCK);
        _expectTransfer(address(staking), BURN, LOCK);
        _expectTransfer(address(market), BURN, FEE);
        market.collect(BURN);
        market.collect(poster);
        assertEq(staking.unburned(), 0);
        _assertFeeAndStakeBurned();
    }

    /// @dev Its stake is then still in the staking contract, and the market owes it: no other run's escrow pays for it.
    function test_GivenFrozenStakingContract_WhenRejected_OnlyTheStakeIsOwed() public {
        uint256 bountyId = _postRejectable();
        _post();
        usdc.blacklist(address(staking));
        _expectDeferred(bountyId, BURN, LOCK);
        _reject(bountyId);
        assertEq(market.owed(BURN), LOCK);
        assertEq(usdc.balanceOf(BURN), FEE);
        vm.expectRevert("Blacklistable: account is blacklisted");
        market.collect(BURN);

        usdc.unBlacklist(address(staking));
        market.collect(BURN);
        assertEq(usdc.balanceOf(BURN), FEE + LOCK);
        assertEq(usdc.balanceOf(address(market)), 105e6, "the other run's escrow");
        assertEq(usdc.balanceOf(address(staking)), STAKE - LOCK);
    }

    function test_RevertGiven_StillBlacklisted_WhenCollected_DebtStays() public {
        _deferReward();
        vm.expectRevert("Blacklistable: account is blacklisted");
        market.collect(wallet);
        _assertOwed(REWARD, FEE);
    }

    function test_GivenWalletAndTreasuryBlacklisted_WhenApproved_BothAreOwed() public {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(wallet);
        usdc.blacklist(treasury);
        Balances memory expected = _balances();
        _expectEvent();
        emit IBountyMarket.PaymentDeferred(bountyId, wallet, REWARD);
        vm.recordLogs();
        _approve(bountyId);
        assertEq(_countMarketEvents(), 2);

        _assertState(bountyId, APPROVED);
        expected.treasury += FEE;
        expected.market -= FEE;
        _assertBalances(expected);
        assertEq(market.owed(wallet), REWARD);
        assertEq(market.owed(treasury), FEE);
        _assertStake(STAKE, 0);
    }

    function test_GivenDeferred_WhenCollectedTwice_TheSecondTimeReverts() public {
        _deferBoth();
        _collectTwice(wallet, REWARD);
        _collectTwice(treasury, FEE - 1);
        assertEq(usdc.balanceOf(address(market)), 1, "the unit that stays");
    }

    function test_GivenDeferredTwice_WhenCollected_BothComeAtOnce() public {
        (uint256 first, uint256 second) = (_postSubmitted(), _postSubmitted());
        usdc.blacklist(wallet);
        _approve(first);
        _approve(second);
        usdc.unBlacklist(wallet);
        _collectTwice(wallet, 2 * REWARD);
    }

    /// @dev The next payment does not depend on a debt.
    function test_GivenADebt_WhenPaidAgain_TheDebtStaysApart() public {
        _deferBoth();
        _approve(_postSubmitted());
        assertEq(usdc.balanceOf(wallet), REWARD);
        assertEq(market.owed(wallet), REWARD);
        assertEq(usdc.balanceOf(address(market)), REWARD + 2 * FEE, "what is owed");
    }

    /// @dev Every ending, by the poster and by any other account: the market owes the poster each refund.
    function test_GivenPosterBlacklisted_ItAndAnyoneEndItsRuns() public {
        (uint256 open, uint256 abandoned, uint256 closing) = (_post(), _postClaimed(), _postClaimed());
        uint256[2] memory late = [_postClaimed(), _postClaimed()];
        uint256[4] memory expired = [_post(), _post(), _post(), _post()];
        address[4] memory callers = [poster, stranger, address(0x1000), address(type(uint160).max)];
        _close(abandoned);
        _close(closing);
        usdc.blacklist(poster);

        _expectRefundOwed(open);
        _close(open);
        _expectRefundOwed(abandoned);
        _abandon(abandoned);
        skip(7 days + 1);
        _expectRefundOwed(closing);
        _slashExpired(closing);
        vm.warp(uint256(DEADLINE) + 1);
        for (uint256 i = 0; i < late.length; ++i) {
            _expectRefundOwed(late[i]);
            vm.prank(callers[i]);
            market.slashExpired(late[i]);
        }
        for (uint256 i = 0; i < expired.length; ++i) {
            _expectRefundOwed(expired[i]);
            vm.prank(callers[i]);
            market.expireBounty(expired[i]);
        }
        for (uint256 bountyId = 1; bountyId <= 9; ++bountyId) {
            _assertState(bountyId, DRAFT);
        }
        usdc.unBlacklist(poster);
        _collectTwice(poster, 9 * (REWARD + FEE));
    }

    /// @dev A pause stops no ending: the poster of a closing run, and of one past its deadline, slashes as any other does.
    function test_GivenPausedUsdc_ThePosterClosesAndSlashes() public {
        (uint256 open, uint256 closing) = (_post(), _postClaimed());
        _close(closing);
        skip(7 days + 1);
        usdc.pause();
        _close(open);
        _slashExpired(closing);
        _assertState(open, DRAFT);
        _assertState(closing, DRAFT);
        vm.expectPartialRevert(IBountyMarket.InvalidState.selector);
        _submit(closing);
        usdc.unpause();
        _collectTwice(poster, 2 * (REWARD + FEE));
        _collectTwice(BURN, LOCK);
    }

    /// @dev Accepted: Circle can freeze the market itself. Runs still end, and their payments are owed.
    function test_GivenMarketBlacklisted_RunsEndAndAreOwed() public {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(address(market));
        _approve(bountyId);
        _assertStake(STAKE, 0);
        usdc.unBlacklist(address(market));
        _collectTwice(wallet, REWARD);
        _collectTwice(treasury, FEE - 1);
    }

    /// @dev The same for the staking contract. Every run still ends; stake lost in that time is burned later.
    function test_GivenStakingBlacklisted_RunsEndAndTheBurnIsOwed() public {
        (uint256 late, uint256 delivered) = (_postClaimed(), _postSubmitted());
        usdc.blacklist(address(staking));
        _approve(delivered);
        assertEq(usdc.balanceOf(wallet), REWARD);
        skip(7 days + 1);
        _slashExpired(late);
        _assertStake(STAKE - LOCK, 0);
        usdc.unBlacklist(address(staking));
        _collectTwice(BURN, LOCK);
    }

    /// @dev A wallet that ends the review itself is owed its reward too, where USDC refuses it.
    function test_GivenARefusedWallet_WhenItFinalizesItself_TheRewardIsOwed() public {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(wallet);
        skip(7 days + 1);
        vm.prank(wallet);
        market.finalizeReview(bountyId);
        _assertState(bountyId, APPROVED);
        assertEq(market.owed(wallet), REWARD);
    }

    /// @dev Also while lost stake waits to be burned, which only the burn address's debt includes.
    function test_GivenUnburnedStake_WhenAnyPayeeCollects_ItsWholeDebtIsPaid() public {
        address[2] memory ends = [address(0x1000), address(type(uint160).max)];
        for (uint256 i = 0; i < ends.length; ++i) {
            vm.prank(poster);
            market.postBountyFor(ends[i], WORK, REWARD, DEADLINE, terms);
            usdc.blacklist(ends[i]);
        }
        uint256 claimed = _postClaimed();
        usdc.blacklist(address(staking));
        _abandon(claimed);
        usdc.unBlacklist(address(staking));
        assertEq(staking.unburned(), LOCK);

        vm.warp(DEADLINE + 1);
        for (uint256 i = 0; i < ends.length; ++i) {
            market.expireBounty(i + 1);
            usdc.unBlacklist(ends[i]);
            market.collect(ends[i]);
            assertEq(usdc.balanceOf(ends[i]), 105e6);
            assertEq(staking.unburned(), LOCK);
        }
        market.collect(BURN);
        assertEq(usdc.balanceOf(BURN), LOCK);
    }

    function _deferReward() private {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(wallet);
        _approve(bountyId);
    }

    function _expectDeferred(uint256 bountyId, address payee, uint256 amount) private {
        _expectEvent();
        emit IBountyMarket.PaymentDeferred(bountyId, payee, amount);
    }

    function _assertOwed(uint256 toWallet, uint256 toTreasury) private view {
        assertEq(market.owed(wallet), toWallet, "owed to the wallet");
        assertEq(market.owed(treasury), toTreasury, "owed to the treasury");
    }

    function _deferBoth() private {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(wallet);
        usdc.blacklist(treasury);
        _approve(bountyId);
        usdc.unBlacklist(wallet);
        usdc.unBlacklist(treasury);
    }

    function _expectRefundOwed(uint256 bountyId) private {
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, REWARD + FEE);
        _expectEvent();
        emit IBountyMarket.PaymentDeferred(bountyId, poster, REWARD + FEE);
    }

    /// @dev Of the treasury's, one unit stays.
    function _collectTwice(address payee, uint256 amount) private {
        uint256 before = usdc.balanceOf(payee);
        _expectEvent();
        emit IBountyMarket.PaymentCollected(payee, amount);
        vm.prank(stranger);
        market.collect(payee);
        assertEq(usdc.balanceOf(payee), before + amount);
        assertEq(market.owed(payee), payee == treasury ? 1 : 0);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NothingOwed.selector, payee));
        market.collect(payee);
    }
}
