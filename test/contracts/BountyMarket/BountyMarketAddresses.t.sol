// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice An account is a party or it is not: that its address is lower or higher than the party's makes no difference.
contract BountyMarketAddressesTest is BountyMarketTest {
    address[2] private ends = [address(0x1000), address(type(uint160).max)];

    function test_AnyTreasuryThatCanSpendIsAccepted() public {
        for (uint256 i = 0; i < ends.length; ++i) {
            market = new BountyMarket(address(usdc), address(registry), ends[i], ends[i], MAX_REWARD, new address[](0));
            assertEq(market.TREASURY(), ends[i]);
        }
    }

    function test_AnyNamedEvaluatorRejectsAtOnce() public {
        for (uint256 i = 0; i < ends.length; ++i) {
            terms.evaluator = ends[i];
            uint256 bountyId = _postSubmitted();
            _reject(bountyId);
            _assertState(bountyId, IBountyMarket.State.REJECTED);
        }
    }

    /// @dev A wallet that ends the review itself is owed its reward too, where USDC refuses it.
    function test_GivenARefusedWallet_WhenItFinalizesItself_TheRewardIsOwed() public {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(wallet);
        skip(7 days + 1);
        vm.prank(wallet);
        market.finalizeReview(bountyId);
        _assertState(bountyId, IBountyMarket.State.APPROVED);
        assertEq(market.owed(wallet), REWARD);
    }

    /// @dev Also while lost stake waits to be burned, which only the burn address's debt includes.
    function test_GivenUnburnedStake_WhenAnyPayeeCollects_ItsWholeDebtIsPaid() public {
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
}
