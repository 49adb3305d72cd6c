// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice The fees that the market owes the treasury.
contract TheTreasuryIsOwedTheFeesOfApprovals is BountyMarketTest {
    function test_WhenApproved_TheFeeIsOwedAndNothingIsSent() public {
        uint256 bountyId = _postSubmitted();
        vm.recordLogs();
        _approve(bountyId);
        assertEq(_countMarketEvents(), 1);
        assertEq(market.owed(treasury), FEE);
        assertEq(usdc.balanceOf(treasury), 0);
        assertEq(usdc.balanceOf(address(market)), FEE);
    }

    function test_WhenCollected_AllButOneUnitIsPaid() public {
        _approve(_postSubmitted());
        _approve(_postSubmitted());
        _expectEvent();
        emit IBountyMarket.PaymentCollected(treasury, 2 * FEE - 1);
        _expectTransfer(address(market), treasury, 2 * FEE - 1);
        vm.prank(stranger);
        market.collect(treasury);
        assertEq(market.owed(treasury), 1);
        assertEq(usdc.balanceOf(address(market)), 1);
    }

    function test_GivenTheUnitThatStays_TheNextCollectPaysTheNextFees() public {
        _approve(_postSubmitted());
        market.collect(treasury);
        _approve(_postSubmitted());
        market.collect(treasury);
        assertEq(usdc.balanceOf(treasury), 2 * FEE - 1);
        assertEq(market.owed(treasury), 1);
    }

    function test_RevertGiven_OnlyTheUnitThatStays_WhenCollected() public {
        bytes memory nothing = abi.encodeWithSelector(IBountyMarket.NothingOwed.selector, treasury);
        vm.expectRevert(nothing);
        market.collect(treasury);
        _approve(_postSubmitted());
        market.collect(treasury);
        vm.expectRevert(nothing);
        market.collect(treasury);
    }

    /// @dev A fee of a reward that is no multiple of 20 units is rounded down: one unit more, and the market would owe
    /// more than it has.
    function test_GivenRewardsThatAreNoMultipleOf20Units_TheMarketHasWhatItOwes() public {
        uint24[5] memory rewards = [uint24(10_001), 10_019, 10_020, 123_457, 999_999];
        uint24[5] memory fees = [uint24(500), 500, 501, 6172, 49_999];
        uint256 owed = 0;
        for (uint256 i = 0; i < rewards.length; ++i) {
            uint256 bountyId = _post(rewards[i]);
            assertEq(usdc.balanceOf(address(market)), owed + rewards[i] + fees[i]);
            _claim(bountyId);
            _submit(bountyId);
            _approve(bountyId);
            owed += fees[i];
            assertEq(market.owed(treasury), owed);
            assertEq(usdc.balanceOf(address(market)), owed);
        }
    }

    /// @dev As an agent's wallet too, the treasury is owed a reward that USDC refuses; it is collected with the fees.
    function test_GivenARewardOwedToTheTreasury_ItIsCollectedWithTheFees() public {
        _sell(treasury);
        wallet = treasury;
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(treasury);
        _approve(bountyId);
        assertEq(market.owed(treasury), FEE + REWARD);
        usdc.unBlacklist(treasury);
        market.collect(treasury);
        assertEq(usdc.balanceOf(treasury), FEE + REWARD - 1);
    }

    function test_RevertGiven_BlacklistedTreasury_WhenCollected_TheFeesStayOwed() public {
        _approve(_postSubmitted());
        usdc.blacklist(treasury);
        vm.expectRevert("Blacklistable: account is blacklisted");
        market.collect(treasury);
        _approve(_postSubmitted());
        assertEq(market.owed(treasury), 2 * FEE);
    }
}
