// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract BountyMarketDeferredTest is BountyMarketTest {
    function test_GivenBlacklistedWallet_WhenApproved_TheRewardIsOwed() public {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(wallet);
        _expectEvent();
        emit IBountyMarket.BountyApproved(bountyId, AGENT, wallet, REWARD, FEE, poster, 1);
        _expectDeferred(bountyId, wallet, REWARD);
        vm.recordLogs();
        _approve(bountyId);
        assertEq(_countMarketEvents(), 2);

        _assertState(bountyId, IBountyMarket.State.APPROVED);
        _assertStake(STAKE, 0);
        _assertOwed(REWARD, FEE);
        _assertBalances(
            Balances({poster: FUNDS - 105e6, wallet: 0, treasury: FEE, market: REWARD, staking: STAKE, burned: 0})
        );
    }

    function test_GivenPausedUsdc_WhenFinalized_BothAreOwed() public {
        uint256 bountyId = _postSubmitted();
        usdc.pause();
        vm.warp(START + 7 days + 1);
        _expectDeferred(bountyId, wallet, REWARD);
        _expectDeferred(bountyId, BURN, FEE);
        market.finalizeReview(bountyId);
        _assertState(bountyId, IBountyMarket.State.APPROVED);
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
        _assertState(bountyId, IBountyMarket.State.REJECTED);
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

        _assertState(bountyId, IBountyMarket.State.REJECTED);
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
        _assertBalances(
            Balances({
                poster: FUNDS - FEE, wallet: 0, treasury: 0, market: 0, staking: STAKE - LOCK, burned: FEE + LOCK
            })
        );
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

    function test_GivenPausedUsdc_WhenSlashed_TheBurnIsOwed() public {
        uint256 bountyId = _postClaimed();
        vm.warp(START + 7 days + 1);
        usdc.pause();
        _expectDeferred(bountyId, BURN, LOCK);
        _slashExpired(bountyId);
        _assertState(bountyId, IBountyMarket.State.OPEN);
        assertEq(market.owed(BURN), LOCK);
        usdc.unpause();
        market.collect(BURN);
        assertEq(usdc.balanceOf(BURN), LOCK);
        assertEq(usdc.balanceOf(address(market)), 105e6);
    }

    function test_WhenCollected_OtherEscrowsAreLeftAlone() public {
        _deferReward();
        _post(10_019);
        usdc.unBlacklist(wallet);
        market.collect(wallet);
        assertEq(usdc.balanceOf(address(market)), 10_519 + FEE);
    }

    function test_RevertGiven_StillBlacklisted_WhenCollected_DebtStays() public {
        _deferReward();
        vm.expectRevert("Blacklistable: account is blacklisted");
        market.collect(wallet);
        _assertOwed(REWARD, FEE);
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
}
