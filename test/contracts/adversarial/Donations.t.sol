// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice USDC sent to the contracts without a call. No account gets it, and no amount is derived from a balance.
contract DonationsTest is BountyMarketTest {
    uint256 private constant GIFT = 7e6;

    function test_WhenUsdcIsSentToTheMarket_ItStaysAndRunsPayWhatTheyOwe() public {
        usdc.mint(address(market), GIFT);
        _approve(_postSubmitted());
        _reject(_postRejectable());
        uint256 withdrawn = _post();
        _close(withdrawn);
        assertEq(usdc.balanceOf(address(market)), GIFT + market.owed(treasury));
        assertEq(market.owed(treasury), FEE);
    }

    function test_WhenUsdcIsSentToTheStaking_ItIsNobodysStake() public {
        usdc.mint(address(staking), GIFT);
        uint256 late = _postClaimed();
        skip(7 days + 1);
        _slashExpired(late);
        _unstake(STAKE - LOCK);
        _assertStake(0, 0);
        assertEq(usdc.balanceOf(address(staking)), GIFT);
    }
}
