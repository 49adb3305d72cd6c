// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice Stake that exists for one transaction only, as from a flash loan. Forge runs a test in one transaction and
/// one block, as these tests need.
contract FlashStakeTest is BountyMarketTest {
    uint256 private constant MIN_STAKE = 20e6;

    function setUp() public override {
        super.setUp();
        _unstake(STAKE);
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
}
