// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice `expireBounty`, `abandonClaim` and `rejectOverdue`.
contract BountyMarketEndingsTest is BountyMarketTest {
    function test_GivenDeadlinePassed_AnyoneExpiresAnOpenBounty() public {
        uint256 bountyId = _post();
        vm.warp(DEADLINE + 1);
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, 105e6);
        _expectTransfer(address(market), poster, 105e6);
        vm.recordLogs();
        vm.prank(stranger);
        market.expireBounty(bountyId);
        assertEq(_countMarketEvents(), 1);
        _assertBounty(bountyId, _unclaimed(IBountyMarket.State.DRAFT));
        _assertBalances(Balances({poster: FUNDS, wallet: 0, treasury: 0, market: 0, staking: STAKE, burned: 0}));
    }

    function test_WhenAbandonedBeforeWork_BountyIsOpenAndTheStakeBurned() public {
        bool[2] memory starts = [false, true];
        for (uint256 i = 0; i < starts.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 bountyId = _postClaimed();
            if (starts[i]) _start(bountyId);
            skip(1 days);
            _expectEvent();
            emit IBountyMarket.ClaimAbandoned(bountyId, AGENT, poster, LOCK, 1);
            vm.expectEmit(address(staking));
            emit IAgentStaking.StakeForfeited(AGENT, bountyId, LOCK, STAKE - LOCK, 0, START);
            _expectTransfer(address(staking), BURN, LOCK);
            vm.recordLogs();
            _abandon(bountyId);
            assertEq(_countMarketEvents(), 1);

            IBountyMarket.Bounty memory expected = _unclaimed(IBountyMarket.State.OPEN);
            expected.round = 1;
            _assertBounty(bountyId, expected);
            _assertAccount(0, false);
            _assertBalances(
                Balances({
                    poster: FUNDS - 105e6, wallet: 0, treasury: 0, market: 105e6, staking: STAKE - LOCK, burned: LOCK
                })
            );
            vm.revertToStateAndDelete(snapshot);
        }
    }

    function test_GivenAnyNumberOfRevisions_WhenAbandoned_TheRunIsRejected() public {
        for (uint256 revisions = 1; revisions <= 3; ++revisions) {
            uint256 bountyId = _postClaimed();
            for (uint256 i = 0; i < revisions; ++i) {
                _submit(bountyId);
                _requestRevision(bountyId);
            }
            _abandon(bountyId);
            _assertState(bountyId, IBountyMarket.State.REJECTED);
        }
    }

    /// @dev A claim that is late ends by a slash, which freezes its agent, or by late work. So an agent that holds a run
    /// until the last moment pays a stake for each work period, and is frozen where it misses that moment.
    function test_RevertGiven_Overdue_WhenAbandoned() public {
        bool[2] memory starts = [false, true];
        for (uint256 i = 0; i < starts.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 bountyId = _postClaimed();
            if (starts[i]) _start(bountyId);
            uint32[3] memory times = [START + 7 days + 1, START + 14 days + 1, DEADLINE + 75 days];
            for (uint256 j = 0; j < times.length; ++j) {
                vm.warp(times[j]);
                vm.expectRevert(
                    abi.encodeWithSelector(IBountyMarket.SubmissionOverdue.selector, bountyId, START + 7 days, times[j])
                );
                _abandon(bountyId);
            }
            _slashExpired(bountyId);
            _assertAccount(1, true);
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /// @dev The run can no longer be claimed, so the escrow is paid back in the same call, as by a slash.
    function test_GivenDeadlinePassed_WhenAbandoned_ThePosterIsRefunded() public {
        uint256 bountyId = _post();
        vm.warp(DEADLINE);
        _claim(bountyId);
        uint256 snapshot = vm.snapshotState();
        _abandon(bountyId);
        _assertState(bountyId, IBountyMarket.State.OPEN);
        vm.revertToStateAndDelete(snapshot);

        skip(1);
        _expectEvent();
        emit IBountyMarket.ClaimAbandoned(bountyId, AGENT, poster, LOCK, 1);
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, 105e6);
        _abandon(bountyId);
        IBountyMarket.Bounty memory expected = _unclaimed(IBountyMarket.State.DRAFT);
        expected.round = 1;
        _assertBounty(bountyId, expected);
        _assertBalances(
            Balances({poster: FUNDS, wallet: 0, treasury: 0, market: 0, staking: STAKE - LOCK, burned: LOCK})
        );
    }

    function test_GivenAbandoned_TheSameAgentMayClaimAgain() public {
        uint256 bountyId = _postClaimed();
        _abandon(bountyId);
        _claim(bountyId);
        assertEq(market.getBounty(bountyId).round, 2);
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
        _assertAccount(0, false);
    }

    function test_GivenOverdueRevision_LateWorkIsReviewedAgain() public {
        uint256 bountyId = _postSubmitted();
        _requestRevision(bountyId);
        vm.warp(START + 20 days);
        _submit(bountyId);
        _approve(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function _expectRejection(uint256 bountyId, IBountyMarket.Rejection reason) private {
        _expectEvent();
        emit IBountyMarket.BountyRejected(bountyId, AGENT, poster, REWARD, FEE + LOCK, 1, reason);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeForfeited(AGENT, bountyId, LOCK, STAKE - LOCK, 0, START);
    }

    function _assertRejected(uint256 bountyId, uint40 since) private view {
        IBountyMarket.Bounty memory expected = _claimed(IBountyMarket.State.REJECTED, since);
        expected.revisions = 1;
        _assertBounty(bountyId, expected);
        _assertAccount(0, false);
        _assertBalances(
            Balances({
                poster: FUNDS - FEE, wallet: 0, treasury: 0, market: 0, staking: STAKE - LOCK, burned: FEE + LOCK
            })
        );
    }

    function _assertAccount(uint256 expectedSlashes, bool expectedFrozen) private view {
        (,,,, uint256 slashes, bool frozen,) = staking.accountOf(AGENT);
        assertEq(slashes, expectedSlashes, "slashes");
        assertEq(frozen, expectedFrozen, "frozen");
    }
}
