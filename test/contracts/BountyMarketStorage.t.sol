// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "./support/BountyMarketTest.sol";

/// @notice That a bounty fits its two slots as long as it lives: the clock of its deadline ends in 2106, its count of
/// slashes has 8 bits.
contract BountyMarketStorageTest is BountyMarketTest {
    uint64 private constant LAST_DEADLINE = type(uint32).max;

    function test_PostingWritesOneSlotOfTheBounty() public {
        vm.record();
        _post();
        (, bytes32[] memory writes) = vm.accesses(address(market));
        // The other one is the count of bounties.
        assertEq(_countDistinct(writes), 2);
    }

    function test_GivenTheLastYearOfTheClock_DeadlineEndsWithIt() public {
        vm.warp(LAST_DEADLINE - 364 days);
        vm.startPrank(poster);
        uint256 bountyId = market.createBounty(TERMS, REWARD, LAST_DEADLINE);
        assertEq(market.getBounty(bountyId).deadline, LAST_DEADLINE);

        bytes memory reason = abi.encodeWithSelector(
            IBountyMarket.DeadlineOutOfRange.selector,
            LAST_DEADLINE + 1,
            vm.getBlockTimestamp() + 1,
            uint256(LAST_DEADLINE)
        );
        vm.expectRevert(reason);
        market.createBounty(TERMS, REWARD, LAST_DEADLINE + 1);
    }

    function test_GivenTheEndOfTheClock_NothingIsCreatedAndEveryRunGoesOn() public {
        vm.warp(LAST_DEADLINE - 1 days);
        vm.prank(poster);
        uint256 bountyId = market.postBounty(TERMS, REWARD, LAST_DEADLINE);
        vm.warp(LAST_DEADLINE);
        _claim(bountyId);

        skip(1 days);
        uint64 deadline = uint64(vm.getBlockTimestamp() + 1);
        vm.expectPartialRevert(IBountyMarket.DeadlineOutOfRange.selector);
        vm.prank(poster);
        market.postBounty(TERMS, REWARD, deadline);

        _submit(bountyId);
        _requestRevision(bountyId);
        skip(7 days);
        _submit(bountyId);
        assertEq(market.getBounty(bountyId).since, vm.getBlockTimestamp());
        skip(7 days + 1);
        market.finalizeReview(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    /// @dev The longest deadline, each claim slashed as soon as can be and followed by another in the same second.
    function test_NoBountyIsClaimedMoreThan53Times() public {
        vm.prank(poster);
        uint256 bountyId = market.postBounty(TERMS, REWARD, START + 365 days);
        uint256 deadline = START + 365 days;
        uint256 claims;
        while (vm.getBlockTimestamp() <= deadline) {
            _claim(bountyId);
            assertEq(market.getBounty(bountyId).round, ++claims);
            skip(7 days + 1);
            _slashExpired(bountyId);
            assertEq(market.getBounty(bountyId).round, claims);
            _makeWhole(claims);
        }
        assertEq(claims, 53);
    }

    function _makeWhole(uint256 slashes) private {
        _stake(LOCK);
        if (slashes < 3) return;
        vm.prank(admin);
        staking.unban(AGENT);
    }

    function _countDistinct(bytes32[] memory slots) private pure returns (uint256 count) {
        for (uint256 i = 0; i < slots.length; ++i) {
            bool isRepeated;
            for (uint256 j = 0; j < i; ++j) {
                if (slots[j] == slots[i]) isRepeated = true;
            }
            if (!isRepeated) ++count;
        }
    }
}
