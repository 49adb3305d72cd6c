// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {SignedFunding} from "../../../contracts/SignedFunding.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {MeasuredAttacks} from "./support/MeasuredAttacks.sol";

/// @notice Runs in the name of a poster that did not ask for them.
contract PostedForTest is MeasuredAttacks {
    /// @dev The agent's owner posts for another, and its agent completes the run by the other's silence: the record of that
    /// poster has one more approval by time, and the event names who paid for it.
    function test_ARunInAnothersName_CostsItsPayerTheFee() public {
        vm.prank(owner);
        usdc.approve(address(market), type(uint256).max);
        _atEachReward(this.aRunInAnothersName);
    }

    function aRunInAnothersName(uint256 i) external {
        uint256 reward = SafeCast.toUint256(_reward(i));
        uint256 fee = SafeCast.toUint256(_fee(i));
        uint256 next = market.bountyCount() + 1;
        _expectEvent();
        emit IBountyMarket.BountyFunded(next, poster, owner, reward + fee);
        vm.prank(owner);
        uint256 bountyId = market.postBountyFor(poster, WORK, reward, DEADLINE, terms);
        _claim(bountyId);
        _submit(bountyId);
        skip(7 days + 1);
        _expectEvent();
        emit IBountyMarket.BountyApproved(bountyId, AGENT, wallet, reward, fee, address(0), 1);
        market.finalizeReview(bountyId);
        assertEq(market.getBounty(bountyId).poster, poster);
        _assertGains(0, -_fee(i), 0);
    }

    /// @dev Anyone may post for any address. A refund to a contract that cannot spend it is the payer's loss alone.
    function test_GivenAPosterThatCannotSpend_OnlyThePayerLoses() public {
        uint256 other = _postClaimed();
        address[5] memory posters =
            [address(market), address(staking), address(usdc), BURN, address(new SignedFunding(address(market)))];
        for (uint256 i = 0; i < posters.length; ++i) {
            vm.prank(poster);
            market.postBountyFor(posters[i], WORK, REWARD, DEADLINE, terms);
        }
        vm.warp(DEADLINE + 1);
        for (uint256 i = 0; i < posters.length; ++i) {
            uint256 bountyId = other + 1 + i;
            market.expireBounty(bountyId);
            _assertState(bountyId, DRAFT);
            assertGe(usdc.balanceOf(posters[i]) + market.owed(posters[i]), 105e6);
        }
        _submit(other);
        _approve(other);
        market.collect(treasury);
        assertEq(usdc.balanceOf(wallet), REWARD);
        assertEq(usdc.balanceOf(treasury), FEE - 1);
        assertEq(usdc.balanceOf(address(market)), 105e6 + 1, "the refund to itself, and one unit of the treasury");
        (uint256 staked,,,,,,) = staking.accountOf(AGENT);
        _unstake(staked);
        assertEq(usdc.balanceOf(address(staking)), 105e6, "the refund to it");
    }
}
