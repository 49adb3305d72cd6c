// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract TheTermsSetStakeAndWorkPeriod is BountyMarketTest {
    function test_GivenTerms_EventAndViewShowWhatTheyComeTo() public {
        terms = IBountyMarket.Terms({workPeriod: 2 days, stakePercent: 25, evaluator: evaluator, claimant: address(0)});
        _expectEvent();
        emit IBountyMarket.BountyCreated(1, poster, WORK, REWARD, FEE, 25e6, DEADLINE, 2 days, evaluator);
        uint256 bountyId = _post();

        IBountyMarket.Bounty memory expected = _unclaimed(OPEN);
        expected.stake = 25e6;
        expected.workPeriod = 2 days;
        expected.evaluator = evaluator;
        _assertBounty(bountyId, expected);
    }

    function test_GivenTermsOfADraft_TheySurviveAWithdrawal() public {
        terms = IBountyMarket.Terms({workPeriod: 1 hours, stakePercent: 1, evaluator: evaluator, claimant: address(0)});
        uint256 bountyId = _create();
        vm.startPrank(poster);
        market.fundBounty(bountyId);
        market.closeBounty(bountyId);
        vm.stopPrank();
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        assertEq(bounty.stake, 1e6);
        assertEq(bounty.workPeriod, 1 hours);
        assertEq(bounty.evaluator, evaluator);
    }

    /// @dev A tenth of the reward and at most 20 USDC, but never less than the fee, so that garbage costs its author what
    /// it costs the poster. With rewards that are no multiple of 20 units, where the fee is rounded down.
    function test_DefaultStakeIsATenthUpTo20ButAtLeastTheFee() public {
        uint64[12] memory rewards = [
            uint64(10_000),
            10_019,
            1e6,
            100e6,
            199_999_999,
            200e6,
            300e6,
            400e6,
            400_000_019,
            400_000_020,
            10_000e6,
            1_000_000e6
        ];
        uint64[12] memory stakes =
            [uint64(1000), 1001, 100_000, 10e6, 19_999_999, 20e6, 20e6, 20e6, 20e6, 20_000_001, 500e6, 50_000e6];
        for (uint256 i = 0; i < rewards.length; ++i) {
            vm.prank(poster);
            uint256 bountyId = market.createBounty(WORK, rewards[i], DEADLINE, terms);
            assertEq(market.getBounty(bountyId).stake, stakes[i]);
        }
    }

    /// @dev `stakePercent` is taken as it is, also below the fee.
    function test_GivenStakePercent_TheStakeMayBeLessThanTheFee() public {
        terms.stakePercent = 1;
        assertEq(market.getBounty(_post()).stake, 1e6);
    }

    function test_StakePercentIsAShareOfTheRewardWithoutACeiling() public {
        uint8[4] memory percents = [1, 10, 99, 100];
        uint256[4] memory stakes = [uint256(4_000_000), 40_000_001, 396_000_009, 400_000_010];
        for (uint256 i = 0; i < percents.length; ++i) {
            terms.stakePercent = percents[i];
            uint256 bountyId = _post(400_000_010);
            assertEq(market.getBounty(bountyId).stake, stakes[i]);
        }
    }

    function test_GivenStakePercent_TheClaimLocksAndTheRejectionBurnsIt() public {
        terms.stakePercent = 40;
        uint256 bountyId = _post();
        _expectEvent();
        emit IBountyMarket.BountyClaimed(bountyId, AGENT, wallet, 40e6, 1, START + 7 days);
        _claim(bountyId);
        _assertStake(STAKE, 40e6);
        _submit(bountyId);
        _revise(bountyId);
        _reject(bountyId);
        _assertStake(STAKE - 40e6, 0);
        assertEq(usdc.balanceOf(BURN), 40e6 + FEE);
    }

    function test_GivenStakePercent_TheCheckOfAClaimCountsIt() public {
        terms.stakePercent = 100;
        uint256 tooLarge = _post(STAKE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentStaking.InsufficientUnlockedStake.selector, AGENT, STAKE, STAKE + 1)
        );
        market.checkClaim(tooLarge, AGENT, wallet);
        market.checkClaim(_post(STAKE), AGENT, wallet);
    }

    function test_GivenStakePercent_TheApprovalReleasesIt() public {
        terms.stakePercent = 40;
        _approve(_postSubmitted());
        _assertStake(STAKE, 0);
    }

    function test_GivenWorkPeriod_ItRunsFromTheClaimAndFromEachRevision() public {
        terms.workPeriod = 1 hours;
        uint256 bountyId = _post();
        skip(1 days);
        _expectEvent();
        emit IBountyMarket.BountyClaimed(bountyId, AGENT, wallet, LOCK, 1, START + 1 days + 1 hours);
        _claim(bountyId);
        _submit(bountyId);
        skip(1 days);
        _expectEvent();
        emit IBountyMarket.RevisionRequested(bountyId, AGENT, FEEDBACK, 1, START + 2 days + 1 hours);
        _requestRevision(bountyId);
        vm.warp(START + 2 days + 1 hours);
        vm.expectPartialRevert(IBountyMarket.SubmissionNotOverdue.selector);
        _rejectOverdue(bountyId);
        skip(1);
        _rejectOverdue(bountyId);
    }

    function test_GivenWorkPeriod_TheClaimIsSlashedAfterIt() public {
        terms.workPeriod = 30 days;
        uint256 bountyId = _postClaimed();
        vm.warp(START + 30 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBountyMarket.SubmissionNotOverdue.selector, bountyId, START + 30 days, START + 30 days
            )
        );
        _slashExpired(bountyId);
        skip(1);
        _slashExpired(bountyId);
    }

    /// @dev The largest amounts take 50 bits, and two of them 51.
    function test_GivenTheLargestReward_AStakeOfAllOfItIsLockedReleasedAndBurned() public {
        terms.stakePercent = 100;
        usdc.mint(poster, 3 * MAX_REWARD);
        usdc.mint(owner, 2 * MAX_REWARD);
        _stake(2 * MAX_REWARD);
        uint256 approved = _post(MAX_REWARD);
        uint256 abandoned = _post(MAX_REWARD);
        assertEq(market.getBounty(approved).stake, MAX_REWARD);
        _claim(approved);
        _claim(abandoned);
        _assertStake(2 * MAX_REWARD + STAKE, 2 * MAX_REWARD);
        _submit(approved);
        _approve(approved);
        _assertStake(2 * MAX_REWARD + STAKE, MAX_REWARD);
        _abandon(abandoned);
        _assertStake(MAX_REWARD + STAKE, 0);
        _unstake(STAKE);
        _assertStake(MAX_REWARD, 0);
    }

    /// @dev A review takes seven days, whatever the work period.
    function test_GivenAnotherWorkPeriod_ReviewStillEndsAfterSevenDays() public {
        uint32[3] memory periods = [uint32(1 hours), 2 days, 30 days];
        for (uint256 i = 0; i < periods.length; ++i) {
            terms.workPeriod = periods[i];
            uint256 bountyId = _postClaimed();
            _expectEvent();
            emit IBountyMarket.WorkSubmitted(bountyId, AGENT, DELIVERABLE, START + 7 days, 1, 0);
            _submit(bountyId);
            vm.warp(START + 7 days);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IBountyMarket.ReviewPeriodNotOver.selector, bountyId, START + 7 days, START + 7 days
                )
            );
            market.finalizeReview(bountyId);
            skip(1);
            market.finalizeReview(bountyId);
            vm.warp(START);
        }
    }

    function test_WhenWorkPeriodIsAtEitherEnd_BountyIsCreated() public {
        uint32[3] memory periods = [uint32(1 hours), 2 hours, 30 days];
        for (uint256 i = 0; i < periods.length; ++i) {
            terms.workPeriod = periods[i];
            assertEq(market.getBounty(_create()).workPeriod, periods[i]);
        }
    }

    function test_RevertWhen_WorkPeriodIsNotWholeHoursInRange() public {
        uint32[5] memory periods = [uint32(1), 1 hours - 1, 1 hours + 1, 30 days + 1 hours, type(uint32).max];
        for (uint256 i = 0; i < periods.length; ++i) {
            terms.workPeriod = periods[i];
            bytes memory reason =
                abi.encodeWithSelector(IBountyMarket.InvalidWorkPeriod.selector, periods[i], 1 hours, 30 days);
            vm.expectRevert(reason);
            _create();
            vm.expectRevert(reason);
            _post();
        }
    }

    function test_RevertWhen_WorkPeriodAndStakePercentAreOutOfRange_TheWorkPeriodIsNamed() public {
        terms.workPeriod = 1;
        terms.stakePercent = 101;
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidWorkPeriod.selector, 1, 1 hours, 30 days));
        _create();
    }

    function test_RevertWhen_StakePercentIsOverAHundred() public {
        uint8[2] memory percents = [101, 255];
        for (uint256 i = 0; i < percents.length; ++i) {
            terms.stakePercent = percents[i];
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.StakePercentOutOfRange.selector, percents[i], 100));
            _create();
        }
        assertEq(market.bountyCount(), 0);
    }

    function test_GivenAClaimWasLost_TermsAreTheSameInTheNextRound() public {
        terms = IBountyMarket.Terms({workPeriod: 2 days, stakePercent: 25, evaluator: evaluator, claimant: address(0)});
        uint256 bountyId = _postClaimed();
        _abandon(bountyId);
        _expectEvent();
        emit IBountyMarket.BountyClaimed(bountyId, AGENT, wallet, 25e6, 2, START + 2 days);
        _claim(bountyId);
    }
}
