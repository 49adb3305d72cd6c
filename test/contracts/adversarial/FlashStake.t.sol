// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice Stake that exists for one transaction only, as from a flash loan. Forge runs a test in one transaction and
/// one block, as these tests need.
contract FlashStakeTest is BountyMarketTest {
    uint256 private constant MIN_STAKE = 20e6;

    function setUp() public override {
        super.setUp();
        _unstake(STAKE);
    }

    function test_RevertGiven_StakedAndClaimed_WhenUnstakingInTheSameTransaction() public {
        _stake(MIN_STAKE);
        _postClaimed();
        _expectLocked(0, MIN_STAKE);
        _unstake(MIN_STAKE);
        _expectLocked(MIN_STAKE - 1, MIN_STAKE);
        _unstake(1);
    }

    function test_GivenMoreThanTheMinimum_WhenUnstaking_OnlyTheExcessLeaves() public {
        _stake(1000e6);
        _postClaimed();
        _unstake(1000e6 - MIN_STAKE);
        _assertStake(MIN_STAKE, LOCK);
        _expectLocked(MIN_STAKE - 1, MIN_STAKE);
        _unstake(1);
    }

    /// @dev One stake cannot cover more runs than it could pay for.
    function test_RevertGiven_WholeStakeLocked_WhenClaimingOnceMore() public {
        _stake(MIN_STAKE);
        _postClaimed();
        _postClaimed();
        uint256 third = _post();
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.InsufficientUnlockedStake.selector, AGENT, 0, LOCK));
        _claim(third);
    }

    /// @dev Accepted: for a moment the status is PROVISIONAL, which proves only that stake.
    function test_WhenStakedAndUnstaked_LabelLastsAsLongAsTheStake() public {
        _stake(MIN_STAKE);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
        _unstake(MIN_STAKE);
        _assertStatus(IAgentStaking.Status.UNVERIFIED);
        uint256 bountyId = _post();
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.InsufficientStake.selector, AGENT, 0, MIN_STAKE));
        _claim(bountyId);
    }

    /// @dev The thirty days are counted from the last rise to the minimum, so a borrowed stake does not let them pass.
    function test_GivenCompletionsAndAnOldStakeThatLeft_WhenStakedAgain_LabelIsNotEstablished() public {
        _stake(MIN_STAKE);
        for (uint256 i = 0; i < 5; ++i) {
            _approve(_postSubmitted());
        }
        skip(30 days);
        _assertStatus(IAgentStaking.Status.ESTABLISHED);
        _unstake(1);
        _stake(1);
        _assertStatus(IAgentStaking.Status.PROVISIONAL);
    }

    /// @dev Accepted: one person can be poster and agent, and complete its own runs. Each costs the fee.
    function test_GivenPosterAndAgentAreOne_ACompletionCostsTheFee() public {
        _stake(MIN_STAKE);
        _approve(_postSubmitted());
        _unstake(MIN_STAKE);

        (,,, uint256 completions,,,) = staking.accountOf(AGENT);
        assertEq(completions, 1);
        assertEq(market.owed(treasury), FEE);
        assertEq(usdc.balanceOf(poster) + usdc.balanceOf(wallet), FUNDS - FEE);
        assertEq(usdc.balanceOf(owner), FUNDS);
    }

    function test_RevertGiven_Slashable_WhenUnstakingFirst() public {
        _stake(MIN_STAKE);
        uint256 bountyId = _postClaimed();
        skip(7 days + 1);
        _expectLocked(0, MIN_STAKE);
        _unstake(MIN_STAKE);
        _slashExpired(bountyId);
        _assertStake(MIN_STAKE - LOCK, 0);
        _assertState(bountyId, IBountyMarket.State.OPEN);
    }

    function _expectLocked(uint256 remaining, uint256 required) private {
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.StakeIsLocked.selector, AGENT, remaining, required));
    }

    function _assertStatus(IAgentStaking.Status expected) private view {
        assertEq(uint256(staking.statusOf(AGENT)), uint256(expected), "status");
    }
}
