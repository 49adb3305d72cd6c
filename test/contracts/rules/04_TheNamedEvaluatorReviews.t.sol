// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract TheNamedEvaluatorReviews is BountyMarketTest {
    uint256 private bountyId;

    function setUp() public override {
        super.setUp();
        terms.evaluator = evaluator;
        bountyId = _postSubmitted();
    }

    function test_EvaluatorRejectsAtOnce() public {
        _expectEvent();
        emit IBountyMarket.BountyRejected(
            bountyId, AGENT, poster, REWARD, FEE + LOCK, 1, IBountyMarket.Rejection.REJECTED
        );
        _reject(bountyId);
        _assertState(bountyId, REJECTED);
        _assertFeeAndStakeBurned();
        assertEq(usdc.balanceOf(evaluator), 0);
    }

    function test_PosterAndEvaluatorApprove() public {
        vm.prank(evaluator);
        market.approveWork(bountyId, 0);
        _assertState(bountyId, APPROVED);
        bountyId = _postSubmitted();
        vm.prank(poster);
        market.approveWork(bountyId, 0);
        _assertState(bountyId, APPROVED);
        assertEq(usdc.balanceOf(wallet), 2 * REWARD);
    }

    /// @dev A poster that names itself as evaluator gains no right.
    function test_RevertGiven_PosterNamedItself_WhenRejectedAtOnce() public {
        terms.evaluator = poster;
        bountyId = _postSubmitted();
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.RevisionsLeft.selector, bountyId, 0, 3));
        _reject(bountyId);
        _approve(bountyId);
    }

    function test_GivenDeadEvaluator_TheWorkIsApprovedByTime() public {
        skip(7 days + 1);
        vm.prank(stranger);
        market.finalizeReview(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function test_AnyNamedEvaluatorRejectsAtOnce() public {
        address[2] memory ends = [address(0x1000), address(type(uint160).max)];
        for (uint256 i = 0; i < ends.length; ++i) {
            terms.evaluator = ends[i];
            bountyId = _postSubmitted();
            _reject(bountyId);
            _assertState(bountyId, REJECTED);
        }
    }
}
