// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract WorkIsReviewedIn7DaysOrApproved is BountyMarketTest {
    function test_WhenApproved_AgentAndTreasuryArePaid() public {
        uint256 bountyId = _postSubmitted();
        skip(1 days);
        _expectApproval(bountyId, poster);
        vm.recordLogs();
        _approve(bountyId);
        assertEq(_countMarketEvents(), 1);
        _assertApproved(bountyId);
    }

    function test_GivenReviewPeriodOver_PosterMayStillApprove() public {
        uint256 bountyId = _postSubmitted();
        vm.warp(START + 100 days);
        _expectApproval(bountyId, poster);
        _approve(bountyId);
        _assertApproved(bountyId);
    }

    function test_GivenRevisions_WhenApproved_TheyStayOnRecord() public {
        uint256 bountyId = _postRejectable();
        _approve(bountyId);
        IBountyMarket.Bounty memory expected = _claimed(APPROVED, START);
        expected.revisions = 3;
        _assertBounty(bountyId, expected);
    }

    function test_WhenApproved_OtherEscrowsAndLocksAreLeftAlone() public {
        _claim(_post(10_019));
        uint256 bountyId = _postSubmitted();
        _approve(bountyId);
        assertEq(usdc.balanceOf(address(market)), 10_019 + 500 + FEE);
        _assertStake(STAKE, 1001);
    }

    function test_GivenAgentSold_ClaimingWalletIsPaid() public {
        uint256 bountyId = _postSubmitted();
        _sell(stranger);
        _approve(bountyId);
        _assertApproved(bountyId);
        assertEq(usdc.balanceOf(stranger), 0);
    }

    /// @dev A poster that has what it needs can pay at once.
    function test_GivenRevisionRequested_WhenApproved_TheLastDeliveryIsPaid() public {
        uint256 bountyId = _postSubmitted();
        for (uint8 revision = 0; revision < 3; ++revision) {
            _requestRevision(bountyId);
            uint256 snapshot = vm.snapshotState();
            _expectApproval(bountyId, poster);
            vm.prank(poster);
            market.approveWork(bountyId, revision);
            _assertState(bountyId, APPROVED);
            vm.revertToStateAndDelete(snapshot);
            _submit(bountyId);
        }
    }

    /// @dev An approval that was sent earlier never pays for a delivery that came after it.
    function test_RevertGiven_AnotherRevisionThanThatOfTheLastDelivery_WhenApproved() public {
        uint256 bountyId = _postSubmitted();
        for (uint8 delivered = 0; delivered < 4; ++delivered) {
            _assertOnlyApprovable(bountyId, delivered);
            if (delivered == 3) return;
            _requestRevision(bountyId);
            _assertOnlyApprovable(bountyId, delivered);
            _submit(bountyId);
        }
    }

    function _assertOnlyApprovable(uint256 bountyId, uint8 delivered) private {
        uint8[6] memory revisions = [0, 1, 2, 3, 4, 255];
        for (uint256 i = 0; i < revisions.length; ++i) {
            if (revisions[i] == delivered) continue;
            vm.expectRevert(
                abi.encodeWithSelector(IBountyMarket.WrongRevision.selector, bountyId, revisions[i], delivered)
            );
            vm.prank(poster);
            market.approveWork(bountyId, revisions[i]);
        }
    }

    function test_RevertGiven_AnotherCallerAndAnotherRevision_WhenApproved_TheCallerIsNamed() public {
        uint256 bountyId = _postSubmitted();
        vm.expectRevert(
            abi.encodeWithSelector(IBountyMarket.NotPosterOrEvaluator.selector, bountyId, stranger, poster, poster)
        );
        vm.prank(stranger);
        market.approveWork(bountyId, 1);
    }

    function test_GivenReviewPeriodOver_AnyoneFinalizes() public {
        uint256 bountyId = _postSubmitted();
        vm.warp(START + 7 days + 1);
        _expectApproval(bountyId, address(0));
        _expectTransfer(address(market), BURN, FEE);
        vm.recordLogs();
        vm.prank(stranger);
        market.finalizeReview(bountyId);
        assertEq(_countMarketEvents(), 1);
        _assertBounty(bountyId, _claimed(APPROVED, START));
        _assertStake(STAKE, 0);
        _assertBalances(
            Balances({poster: FUNDS - 105e6, wallet: REWARD, treasury: 0, market: 0, staking: STAKE, burned: FEE})
        );
        assertEq(usdc.balanceOf(stranger), 0);
    }

    /// @dev No party earns from another's silence: whether the poster answers garbage in time or not, the treasury gets
    /// nothing of it.
    function test_GivenGarbage_TheTreasuryEarnsNothingByAnAnswerNorBySilence() public {
        terms.evaluator = evaluator;
        _reject(_postSubmitted());
        uint256 unanswered = _postSubmitted();
        skip(7 days + 1);
        vm.prank(treasury);
        market.finalizeReview(unanswered);
        assertEq(market.owed(treasury) + usdc.balanceOf(treasury), 0);
        assertEq(usdc.balanceOf(BURN), 2 * FEE + LOCK);
    }

    function test_TheEventNamesWhoApproved() public {
        terms.evaluator = evaluator;
        address[2] memory parties = [poster, evaluator];
        for (uint256 i = 0; i < parties.length; ++i) {
            uint256 bountyId = _postSubmitted();
            _expectEvent();
            emit IBountyMarket.BountyApproved(bountyId, AGENT, wallet, REWARD, FEE, parties[i], 1);
            vm.prank(parties[i]);
            market.approveWork(bountyId, 0);
        }
    }

    function test_ReviewPeriodRunsFromTheLastSubmission() public {
        uint256 bountyId = _postSubmitted();
        vm.warp(START + 7 days);
        _requestRevision(bountyId);
        vm.warp(START + 10 days);
        _submit(bountyId);
        vm.warp(START + 17 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBountyMarket.ReviewPeriodNotOver.selector, bountyId, START + 17 days, START + 17 days
            )
        );
        market.finalizeReview(bountyId);
        skip(1);
        market.finalizeReview(bountyId);
        _assertState(bountyId, APPROVED);
    }

    function test_GivenThreeRevisions_WhenRejected_NoPartyGains() public {
        uint256 bountyId = _postRejectable();
        _expectRejection(bountyId);
        vm.recordLogs();
        _reject(bountyId);
        assertEq(_countMarketEvents(), 1);

        IBountyMarket.Bounty memory expected = _claimed(REJECTED, START);
        expected.revisions = 3;
        _assertBounty(bountyId, expected);
        _assertStake(STAKE - LOCK, 0);
        _assertFeeAndStakeBurned();
    }

    function test_WhenRejected_AgentIsNotFrozen() public {
        uint256 bountyId = _postRejectable();
        _reject(bountyId);
        assertEq(uint256(staking.statusOf(AGENT)), uint256(IAgentStaking.Status.PROVISIONAL));
        _claim(_post());
    }

    function test_RevertGiven_RevisionsLeft_WhenRejected() public {
        uint256 bountyId = _postSubmitted();
        for (uint256 revisions = 0; revisions < 3; ++revisions) {
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.RevisionsLeft.selector, bountyId, revisions, 3));
            _reject(bountyId);
            _requestRevision(bountyId);
            _submit(bountyId);
        }
        _reject(bountyId);
        _assertState(bountyId, REJECTED);
    }

    /// @param by Zero for an approval by time.
    function _expectApproval(uint256 bountyId, address by) private {
        _expectEvent();
        emit IBountyMarket.BountyApproved(bountyId, AGENT, wallet, REWARD, FEE, by, 1);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeReleased(AGENT, bountyId, LOCK, 0);
        vm.expectEmit(address(staking));
        emit IAgentStaking.RunCompleted(AGENT, bountyId, REWARD, 1);
        _expectTransfer(address(market), wallet, REWARD);
    }

    function _assertApproved(uint256 bountyId) private view {
        _assertBounty(bountyId, _claimed(APPROVED, START));
        _assertStake(STAKE, 0);
        _assertPaid();
    }

    function _expectRejection(uint256 bountyId) private {
        _expectEvent();
        emit IBountyMarket.BountyRejected(
            bountyId, AGENT, poster, REWARD, FEE + LOCK, 1, IBountyMarket.Rejection.REJECTED
        );
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeForfeited(AGENT, bountyId, LOCK, STAKE - LOCK, 0, START);
        _expectTransfer(address(staking), BURN, LOCK);
        _expectTransfer(address(market), poster, REWARD);
        _expectTransfer(address(market), BURN, FEE);
    }
}
