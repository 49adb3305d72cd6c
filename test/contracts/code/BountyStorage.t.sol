// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice A bounty with default terms fits into its two slots at all times. The 32 bits of its deadline end in 2106.
contract BountyStorageTest is BountyMarketTest {
    uint64 private constant LAST_DEADLINE = type(uint32).max;
    /// @dev The slot of the mapping of terms and lost claims, and the bit at which their count begins.
    uint256 private constant EXTRAS = 1;
    uint256 private constant LOST_CLAIMS_BIT = 200;

    function test_PostingWritesOneSlotOfTheBounty() public {
        vm.record();
        _post();
        (, bytes32[] memory writes) = vm.accesses(address(market));
        // The other slot is the count of bounties.
        assertEq(_countDistinct(writes), 2);
    }

    function test_GivenTheLastYearOfTheClock_DeadlineEndsWithIt() public {
        vm.warp(LAST_DEADLINE - 364 days);
        vm.startPrank(poster);
        uint256 bountyId = market.createBounty(WORK, REWARD, LAST_DEADLINE, terms);
        assertEq(market.getBounty(bountyId).deadline, LAST_DEADLINE);

        bytes memory reason = abi.encodeWithSelector(
            IBountyMarket.DeadlineOutOfRange.selector,
            LAST_DEADLINE + 1,
            vm.getBlockTimestamp() + 1,
            uint256(LAST_DEADLINE)
        );
        vm.expectRevert(reason);
        market.createBounty(WORK, REWARD, LAST_DEADLINE + 1, terms);
    }

    function test_GivenTheEndOfTheClock_NothingIsCreatedAndEveryRunGoesOn() public {
        vm.warp(LAST_DEADLINE - 1 days);
        vm.prank(poster);
        uint256 bountyId = market.postBounty(WORK, REWARD, LAST_DEADLINE, terms);
        vm.warp(LAST_DEADLINE);
        _claim(bountyId);

        skip(1 days);
        uint64 deadline = uint64(vm.getBlockTimestamp() + 1);
        vm.expectPartialRevert(IBountyMarket.DeadlineOutOfRange.selector);
        vm.prank(poster);
        market.postBounty(WORK, REWARD, deadline, terms);

        _submit(bountyId);
        _requestRevision(bountyId);
        assertEq(market.getBounty(bountyId).since, vm.getBlockTimestamp());
        skip(7 days);
        _submit(bountyId);
        assertEq(market.getBounty(bountyId).since, vm.getBlockTimestamp());
        skip(7 days + 1);
        market.finalizeReview(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function test_GivenTermsOfItsOwn_PostingWritesOneSlotMore() public {
        terms.workPeriod = 1 hours;
        terms.stakePercent = 50;
        terms.evaluator = evaluator;
        vm.record();
        _post();
        (, bytes32[] memory writes) = vm.accesses(address(market));
        assertEq(_countDistinct(writes), 3);
    }

    function test_GivenANamedClaimant_PostingWritesTwoSlotsMore() public {
        terms.evaluator = evaluator;
        terms.claimant = wallet;
        vm.record();
        _post();
        (, bytes32[] memory writes) = vm.accesses(address(market));
        assertEq(_countDistinct(writes), 4);
    }

    /// @dev A claim reads the bounty's two slots and the terms; only one of a bounty with a claimant reads that too.
    function test_GivenTermsWithoutAClaimant_AClaimReadsNoFourthSlot() public {
        address[3] memory claimants = [address(0), address(1), wallet];
        uint256[3] memory slots = [uint256(3), 4, 4];
        for (uint256 i = 0; i < claimants.length; ++i) {
            terms.stakePercent = 1;
            terms.claimant = claimants[i];
            uint256 bountyId = _post();
            if (claimants[i] == address(1)) {
                vm.prank(poster);
                market.nameClaimant(bountyId, wallet);
            }
            vm.record();
            _claim(bountyId);
            (bytes32[] memory reads,) = vm.accesses(address(market));
            assertEq(_countDistinct(reads), slots[i]);
        }
    }

    /// @dev Beside the bounty's slots, an approval adds to what the treasury is owed.
    function test_GivenDefaultTerms_ALifeTouchesNoThirdSlot() public {
        uint256 bountyId = _post();
        vm.record();
        _claim(bountyId);
        _start(bountyId);
        _submit(bountyId);
        vm.prank(poster);
        market.approveWork(bountyId, 0);
        (bytes32[] memory reads, bytes32[] memory writes) = vm.accesses(address(market));
        assertEq(_countDistinct(reads), 3, "read");
        assertEq(_countDistinct(writes), 2, "written");
    }

    function test_GivenAFirstClaim_StartAndSubmissionReadOneSlot() public {
        uint256 bountyId = _postClaimed();
        vm.record();
        _start(bountyId);
        _submit(bountyId);
        (bytes32[] memory reads,) = vm.accesses(address(market));
        assertEq(_countDistinct(reads), 1);
    }

    /// @dev In every round, a claim can be asked for three revisions.
    function test_GivenALaterRound_EveryEventNamesRoundAndRevision() public {
        uint256 bountyId = _postClaimed();
        for (uint256 round = 2; round <= 3; ++round) {
            _abandon(bountyId);
            _claim(bountyId);
            assertEq(market.getBounty(bountyId).round, round);
            assertEq(market.getBounty(bountyId).revisions, 0);
        }
        for (uint256 revision = 0; revision < 3; ++revision) {
            _expectEvent();
            emit IBountyMarket.WorkSubmitted(bountyId, AGENT, DELIVERABLE, START + 7 days, 3, revision);
            _submit(bountyId);
            _expectEvent();
            emit IBountyMarket.RevisionRequested(bountyId, AGENT, FEEDBACK, revision + 1, START + 7 days);
            _requestRevision(bountyId);
            assertEq(market.getBounty(bountyId).revisions, revision + 1);
        }
        _submit(bountyId);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NoRevisionsLeft.selector, bountyId, 3, 3));
        _requestRevision(bountyId);
        _expectEvent();
        emit IBountyMarket.BountyRejected(
            bountyId, AGENT, poster, REWARD, FEE + LOCK, 3, IBountyMarket.Rejection.REJECTED
        );
        _reject(bountyId);
    }

    function test_GivenMoreLostClaimsThan24BitsCount_TheRoundsGoOn() public {
        uint256 bountyId = _postClaimed();
        _abandon(bountyId);
        bytes32 extra = keccak256(abi.encode(bountyId, EXTRAS));
        uint256 many = uint256(type(uint24).max) + 1;
        assertEq(uint256(vm.load(address(market), extra)) >> LOST_CLAIMS_BIT, 1, "one lost claim");
        vm.store(address(market), extra, bytes32(many << LOST_CLAIMS_BIT));
        assertEq(market.getBounty(bountyId).round, many);
        _claim(bountyId);
        assertEq(market.getBounty(bountyId).round, many + 1);
        _abandon(bountyId);
        assertEq(market.getBounty(bountyId).round, many + 1);
    }

    /// @dev An approval names the revision as it is counted anew in each round.
    function test_GivenALaterRound_ItsLastDeliveryIsApproved() public {
        uint256 bountyId = _postClaimedAgain();
        _submit(bountyId);
        _requestRevision(bountyId);
        _submit(bountyId);
        vm.prank(poster);
        market.approveWork(bountyId, 1);
        _assertState(bountyId, APPROVED);
    }

    function test_GivenALaterRound_WhenATimeLimitEndsTheRun_TheEventNamesTheRound() public {
        uint256[2] memory bounties = [_postClaimedAgain(), _postClaimedAgain()];
        _submit(bounties[0]);
        _submit(bounties[1]);
        _requestRevision(bounties[1]);
        skip(7 days + 1);
        _expectEvent();
        emit IBountyMarket.BountyApproved(bounties[0], AGENT, wallet, REWARD, FEE, address(0), 2);
        market.finalizeReview(bounties[0]);
        _expectEvent();
        emit IBountyMarket.BountyRejected(
            bounties[1], AGENT, poster, REWARD, FEE + LOCK, 2, IBountyMarket.Rejection.OVERDUE
        );
        _rejectOverdue(bounties[1]);
    }

    /// @dev Every abandoned claim is a round. An eight-bit counter would overflow here, and block a live claim.
    function test_GivenThreeHundredAbandonedClaims_TheNextIsClaimedAndEnds() public {
        uint256 bountyId = _post(10_000);
        for (uint256 round = 1; round <= 300; ++round) {
            _claim(bountyId);
            assertEq(market.getBounty(bountyId).round, round);
            _abandon(bountyId);
        }
        _claim(bountyId);
        vm.warp(START + 7 days + 1);
        _slashExpired(bountyId);
        assertEq(market.getBounty(bountyId).round, 301);
    }

    /// @dev In its second round.
    function _postClaimedAgain() private returns (uint256 bountyId) {
        bountyId = _postClaimed();
        _abandon(bountyId);
        _claim(bountyId);
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
