// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract BountyMarketEvaluatorTest is BountyMarketTest {
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
        _assertState(bountyId, IBountyMarket.State.REJECTED);
        _assertBalances(
            Balances({
                poster: FUNDS - FEE, wallet: 0, treasury: 0, market: 0, staking: STAKE - LOCK, burned: FEE + LOCK
            })
        );
        assertEq(usdc.balanceOf(evaluator), 0);
    }

    function test_PosterAndEvaluatorApprove() public {
        vm.prank(evaluator);
        market.approveWork(bountyId, 0);
        _assertState(bountyId, IBountyMarket.State.APPROVED);
        bountyId = _postSubmitted();
        vm.prank(poster);
        market.approveWork(bountyId, 0);
        _assertState(bountyId, IBountyMarket.State.APPROVED);
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
}
