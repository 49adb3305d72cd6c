// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice `requestRevision`, `rejectOverdue`, and `abandonClaim` while a revision is due.
contract ThreeRevisionsAtMostAndAnOverdueOneIsRejected is BountyMarketTest {
    function test_WhenRevisionIsRequested_DeliveryTimeBeginsAgain() public {
        // So that the id of the bounty is not that of the agent.
        _post();
        uint256 bountyId = _postSubmitted();
        for (uint8 revision = 1; revision <= 3; ++revision) {
            skip(1 days);
            uint40 time = START + uint40(revision) * 1 days;
            _expectEvent();
            emit IBountyMarket.RevisionRequested(bountyId, AGENT, FEEDBACK, revision, time + 7 days);
            vm.recordLogs();
            _requestRevision(bountyId);
            assertEq(_countMarketEvents(), 1);

            IBountyMarket.Bounty memory expected = _claimed(REVISION_REQUESTED, time);
            expected.revisions = revision;
            _assertBounty(bountyId, expected);
            _submit(bountyId);
        }
    }

    function test_RevertGiven_ThreeRevisions_WhenAnotherIsRequested() public {
        uint256 bountyId = _postRejectable();
        string[2] memory feedbacks = [FEEDBACK, ""];
        for (uint256 i = 0; i < feedbacks.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NoRevisionsLeft.selector, bountyId, 3, 3));
            vm.prank(poster);
            market.requestRevision(bountyId, feedbacks[i]);
        }
    }

    function test_GivenARevisionOverdue_WhenPosterRejects_ItEndsAsARejection() public {
        uint256 bountyId = _postSubmitted();
        _requestRevision(bountyId);
        vm.warp(START + 7 days + 1);
        _expectRejection(bountyId, IBountyMarket.Rejection.OVERDUE);
        _rejectOverdue(bountyId);
        _assertRejected(bountyId, START);
    }

    function test_GivenAnAbsentAgent_OneRevisionIsEnoughForARejection() public {
        uint256 bountyId = _postSubmitted();
        _requestRevision(bountyId);
        skip(7 days + 1);
        _rejectOverdue(bountyId);
        assertEq(market.getBounty(bountyId).revisions, 1);
        _assertSlashes(0, false);
    }

    function test_GivenOverdueRevision_LateWorkIsReviewedAgain() public {
        uint256 bountyId = _postSubmitted();
        _requestRevision(bountyId);
        vm.warp(START + 20 days);
        _submit(bountyId);
        _approve(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function test_WhenAbandonedAfterWork_TheRunIsRejected() public {
        uint256 bountyId = _postSubmitted();
        _requestRevision(bountyId);
        _expectRejection(bountyId, IBountyMarket.Rejection.ABANDONED);
        vm.recordLogs();
        _abandon(bountyId);
        assertEq(_countMarketEvents(), 1);
        _assertRejected(bountyId, START);
    }

    function test_GivenAnyNumberOfRevisions_WhenAbandoned_TheRunIsRejected() public {
        for (uint256 revisions = 1; revisions <= 3; ++revisions) {
            uint256 bountyId = _postClaimed();
            for (uint256 i = 0; i < revisions; ++i) {
                _submit(bountyId);
                _requestRevision(bountyId);
            }
            _abandon(bountyId);
            _assertState(bountyId, REJECTED);
        }
    }

    function _expectRejection(uint256 bountyId, IBountyMarket.Rejection reason) private {
        _expectEvent();
        emit IBountyMarket.BountyRejected(bountyId, AGENT, poster, REWARD, FEE + LOCK, 1, reason);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeForfeited(AGENT, bountyId, LOCK, STAKE - LOCK, 0, START);
    }

    function _assertRejected(uint256 bountyId, uint40 since) private view {
        IBountyMarket.Bounty memory expected = _claimed(REJECTED, since);
        expected.revisions = 1;
        _assertBounty(bountyId, expected);
        _assertSlashes(0, false);
        _assertFeeAndStakeBurned();
    }
}
