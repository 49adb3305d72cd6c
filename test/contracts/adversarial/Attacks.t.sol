// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {MeasuredAttacks} from "./support/MeasuredAttacks.sol";

/// @notice The attack table of docs/threat-model.md: each test runs an attack to its end, at rewards of 1, 100, 10,000 and
/// 1,000,000 USDC with default terms, and measures the gain or loss of every account. No attacker gains from what another
/// loses, except where a party that must review does not.
contract AttacksTest is MeasuredAttacks {
    /// @dev The poster asks for a revision, and the agent gives up in the same second.
    function test_GarbageAndAnAbandonedRevision_CostsTheStakeAndThePosterTheFee() public {
        _atEachReward(this.garbageThatIsGivenUp);
    }

    function garbageThatIsGivenUp(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _submit(bountyId);
        _requestRevision(bountyId);
        _abandon(bountyId);
        assertEq(vm.getBlockTimestamp(), START);
        _assertGains(-_fee(i), -_stakeAt(i), 0);
    }

    /// @dev The longest way: every delivery comes at the last second of its work period.
    function test_GarbageFourTimes_TakesFourWorkPeriods() public {
        uint32[2] memory periods = [uint32(7 days), 30 days];
        for (uint256 i = 0; i < periods.length; ++i) {
            terms.workPeriod = periods[i];
            uint256 snapshot = vm.snapshotState();
            uint256 bountyId = _postClaimedAt(1);
            skip(periods[i]);
            _submit(bountyId);
            for (uint256 revision = 0; revision < 3; ++revision) {
                _requestRevision(bountyId);
                skip(periods[i]);
                _submit(bountyId);
            }
            _reject(bountyId);
            assertEq(vm.getBlockTimestamp() - START, 4 * periods[i]);
            _assertGains(-_fee(1), -_stakeAt(1), 0);
            vm.revertToStateAndDelete(snapshot);
        }
    }

    function test_GarbageToASilentPoster_WinsTheReward() public {
        _atEachReward(this.garbageToASilentPoster);
    }

    function garbageToASilentPoster(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _submit(bountyId);
        skip(7 days + 1);
        vm.prank(stranger);
        market.finalizeReview(bountyId);
        _assertGains(-_reward(i) - _fee(i), _reward(i), 0);
    }

    function test_SquattingUntilTheSlash_CostsTheStakeAndAFreeze() public {
        _atEachReward(this.squattingUntilTheSlash);
    }

    function squattingUntilTheSlash(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        skip(7 days + 1);
        _slashExpired(bountyId);
        _close(bountyId);
        _assertStatus(IAgentStaking.Status.FROZEN);
        _assertGains(0, -_stakeAt(i), 0);
    }

    /// @dev One unit of USDC lifts the freeze of an agent that still has 20 USDC.
    function test_AFreeze_CostsOneUnit() public {
        _atEachReward(this.aFreeze);
    }

    function aFreeze(uint256 i) external {
        this.squattingUntilTheSlash(i);
        _stake(1);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
        _assertGains(0, -_stakeAt(i), 0);
    }

    function test_SquattingUntilTheLastSecond_CostsTheStake() public {
        _atEachReward(this.squattingUntilTheLastSecond);
    }

    function squattingUntilTheLastSecond(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        skip(7 days);
        _abandon(bountyId);
        _close(bountyId);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
        _assertGains(0, -_stakeAt(i), 0);
    }

    /// @dev A run that no agent can complete. The poster gains nothing from the stake, and the agent keeps its status.
    function test_BaitThatTheAgentAbandons_BringsThePosterNothing() public {
        _atEachReward(this.baitThatIsAbandoned);
    }

    function baitThatIsAbandoned(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _abandon(bountyId);
        _close(bountyId);
        (,,,, uint256 slashes, bool frozen,) = staking.accountOf(AGENT);
        assertEq(slashes, 0);
        assertFalse(frozen);
        _assertGains(0, -_stakeAt(i), 0);
    }

    /// @dev A poster that closes at once after the claim gains nothing either: the agent may still deliver.
    function test_BaitThatIsClosed_BringsThePosterNothing() public {
        _atEachReward(this.baitThatIsClosed);
    }

    function baitThatIsClosed(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _close(bountyId);
        skip(7 days);
        _submit(bountyId);
        skip(7 days + 1);
        market.finalizeReview(bountyId);
        _assertGains(-_reward(i) - _fee(i), _reward(i), 0);
    }

    function test_BaitThatExpires_BringsThePosterNothing() public {
        _atEachReward(this.squattingUntilTheSlash);
    }

    /// @dev The thief is the poster too: one block, for gas. What is locked for other runs stays.
    function test_AStolenWalletKey_BurnsTheUnlockedStakeAndBringsNothing() public {
        (uint256 staked,,,,,,) = staking.accountOf(AGENT);
        _unstake(staked - STAKE);
        _claim(_post());
        uint256 funds = usdc.balanceOf(poster);
        terms.stakePercent = 100;
        uint256 bountyId = _post(STAKE - LOCK);
        _claim(bountyId);
        _abandon(bountyId);
        _close(bountyId);
        assertEq(vm.getBlockTimestamp(), START);
        assertEq(usdc.balanceOf(poster), funds);
        _assertStake(LOCK, LOCK);
    }

    /// @dev The poster keeps the delivered work. On chain, it pays the fee and gains no USDC.
    function test_FreeRidingByRejection_CostsThePosterTheFee() public {
        _atEachReward(this.freeRiding);
    }

    function freeRiding(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _submit(bountyId);
        for (uint256 revision = 0; revision < 3; ++revision) {
            _requestRevision(bountyId);
            _submit(bountyId);
        }
        _reject(bountyId);
        _assertGains(-_fee(i), -_stakeAt(i), 0);
    }

    function test_ARevisionAskedOfAnAbsentAgent_CostsThePosterTheFee() public {
        _atEachReward(this.aRevisionAskedOfAnAbsentAgent);
    }

    function aRevisionAskedOfAnAbsentAgent(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _submit(bountyId);
        _requestRevision(bountyId);
        skip(7 days + 1);
        _rejectOverdue(bountyId);
        (,,,, uint256 slashes, bool frozen,) = staking.accountOf(AGENT);
        assertEq(slashes, 0);
        assertFalse(frozen);
        _assertGains(-_fee(i), -_stakeAt(i), 0);
    }

    /// @dev Submitting the same work again is enough, and anyone may send the signed submission.
    function test_ARevisionThatTheAgentAnswers_BringsThePosterNothing() public {
        _atEachReward(this.aRevisionThatIsAnswered);
    }

    function aRevisionThatIsAnswered(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _submit(bountyId);
        for (uint256 revision = 0; revision < 2; ++revision) {
            _requestRevision(bountyId);
            skip(6 days);
            _submit(bountyId);
        }
        skip(7 days + 1);
        market.finalizeReview(bountyId);
        _assertGains(-_reward(i) - _fee(i), _reward(i), 0);
    }

    /// @dev It pays nothing itself: poster and agent lose. With `stakePercent` of 100 it burns the whole reward's worth.
    function test_AnEvaluatorThatRejects_CostsThePosterTheFeeAndTheAgentTheStake() public {
        terms.evaluator = evaluator;
        _atEachReward(this.aRejectionByTheEvaluator);
    }

    function aRejectionByTheEvaluator(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _submit(bountyId);
        _reject(bountyId);
        assertEq(vm.getBlockTimestamp(), START, "at once");
        assertEq(usdc.balanceOf(terms.evaluator), 0);
        _assertGains(-_fee(i), -_stakeAt(i), 0);
    }

    function test_AnEvaluatorThatRejects_BurnsAStakeOfTheWholeReward() public {
        terms.evaluator = evaluator;
        terms.stakePercent = 100;
        _atEachReward(this.aRejectionOfAFullStake);
    }

    function aRejectionOfAFullStake(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _submit(bountyId);
        _reject(bountyId);
        _assertGains(-_fee(i), -_reward(i), 0);
    }

    /// @dev With an agent of its own: the poster loses reward and fee at once.
    function test_AnEvaluatorThatApprovesItsOwnAgent_WinsTheReward() public {
        terms.evaluator = evaluator;
        _atEachReward(this.anApprovalByTheEvaluator);
    }

    function anApprovalByTheEvaluator(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _submit(bountyId);
        vm.prank(evaluator);
        market.approveWork(bountyId, 0);
        _assertGains(-_reward(i) - _fee(i), _reward(i), _fee(i));
    }

    /// @dev As a poster it can lose only the fee that it burns, and as an agent only the stake.
    function test_ATreasuryThatAttacks_EarnsNothing() public {
        _sell(treasury);
        wallet = treasury;
        _atEachReward(this.attacksByTheTreasury);
    }

    function attacksByTheTreasury(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        _submit(bountyId);
        _requestRevision(bountyId);
        _abandon(bountyId);
        // Garbage that a silent poster pays, which the treasury finalizes itself.
        bountyId = _postClaimedAt(i);
        _submit(bountyId);
        skip(7 days + 1);
        vm.prank(treasury);
        market.finalizeReview(bountyId);
        bountyId = _postClaimedAt(i);
        skip(7 days + 1);
        _slashExpired(bountyId);
        assertEq(market.owed(treasury), 0);
        assertEq(SafeCast.toInt256(usdc.balanceOf(treasury)), _reward(i), "as the agent, and not as the treasury");
        assertEq(SafeCast.toInt256(usdc.balanceOf(BURN)), 2 * _fee(i) + 2 * _stakeAt(i), "burned");
    }

    /// @dev The status costs 0.0025 USDC, and thirty days of a stake that is returned. Its own fees come back to the
    /// treasury, so to it the status costs nothing.
    function test_FarmingTheLadder_CostsTheFees() public {
        for (uint256 i = 0; i < 5; ++i) {
            uint256 bountyId = _post(10_000);
            _claim(bountyId);
            _submit(bountyId);
            _approve(bountyId);
        }
        skip(30 days);
        _assertStatus(IAgentStaking.Status.ESTABLISHED);
        assertEq(market.owed(treasury), 2500);
        _assertGains(-52_500, 50_000, 2500);
    }

    /// @dev Before any work, the escrow goes back after the grace period, even if both parties are gone.
    function test_GivenADeadPosterAndADeadAgent_TheEscrowGoesBackAfterGrace() public {
        _atEachReward(this.deadBeforeWork);
    }

    function deadBeforeWork(uint256 i) external {
        uint256 bountyId = _postAt(i);
        vm.warp(DEADLINE);
        _claim(bountyId);
        skip(14 days + 1);
        vm.prank(stranger);
        market.slashExpired(bountyId);
        _assertGains(0, -_stakeAt(i), 0);
    }

    /// @dev After a delivery the poster pays: it could not review.
    function test_GivenADeadPosterAfterADelivery_TheRewardIsPaid() public {
        _atEachReward(this.garbageToASilentPoster);
    }

    /// @dev Anyone ends a claim after the grace period, although the poster would rather wait for the work.
    function test_AThirdPartyThatSlashes_CostsTheAgentTheStakeAndThePosterTheWork() public {
        _atEachReward(this.aSlashByAThirdParty);
    }

    function aSlashByAThirdParty(uint256 i) external {
        uint256 bountyId = _postClaimedAt(i);
        skip(14 days + 1);
        vm.prank(stranger);
        market.slashExpired(bountyId);
        _close(bountyId);
        _assertStatus(IAgentStaking.Status.FROZEN);
        _assertGains(0, -_stakeAt(i), 0);
    }
}
