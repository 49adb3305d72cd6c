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

    function test_RevertGiven_ReviewPeriodOver_WhenEvaluatorRejects() public {
        vm.warp(START + 7 days + 1);
        vm.expectPartialRevert(IBountyMarket.ReviewPeriodOver.selector);
        _reject(bountyId);
    }

    function test_EvaluatorRequestsRevisions() public {
        _requestRevision(bountyId);
        _assertState(bountyId, IBountyMarket.State.REVISION_REQUESTED);
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

    function test_RevertGiven_NamedEvaluator_WhenPosterReviews() public {
        bytes memory reason = abi.encodeWithSelector(IBountyMarket.NotEvaluator.selector, bountyId, poster, evaluator);
        vm.startPrank(poster);
        vm.expectRevert(reason);
        market.requestRevision(bountyId, FEEDBACK);
        vm.expectRevert(reason);
        market.rejectWork(bountyId);
        vm.stopPrank();
    }

    function test_RevertGiven_AnotherCaller_WhenApproved() public {
        address[3] memory callers = [stranger, wallet, treasury];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IBountyMarket.NotPosterOrEvaluator.selector, bountyId, callers[i], poster, evaluator
                )
            );
            vm.prank(callers[i]);
            market.approveWork(bountyId, 0);
        }
    }

    function test_EvaluatorAndPosterRejectAnOverdueRevision() public {
        _requestRevision(bountyId);
        uint256 other = _postSubmitted();
        _requestRevision(other);
        skip(7 days + 1);
        vm.prank(evaluator);
        market.rejectOverdue(bountyId);
        vm.prank(poster);
        market.rejectOverdue(other);
        _assertState(bountyId, IBountyMarket.State.REJECTED);
        _assertState(other, IBountyMarket.State.REJECTED);
    }

    /// @dev An evaluator has no rights before work is submitted.
    function test_RevertGiven_NoWork_WhenEvaluatorSlashesWithinGrace() public {
        bountyId = _postClaimed();
        skip(7 days + 1);
        vm.expectPartialRevert(IBountyMarket.SubmissionNotOverdue.selector);
        vm.prank(evaluator);
        market.slashExpired(bountyId);
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
