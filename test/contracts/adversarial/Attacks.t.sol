// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice The attack table of SECURITY.md: each test runs an attack to its end and measures, in USDC, the gain or loss
/// of every account. No attacker ends with more than it began with, and no other party gains from the attack.
contract AttacksTest is BountyMarketTest {
    using SafeCast for uint256;

    /// @dev 1,000,000 USDC, whose fee is 50,000.
    uint256 private constant LARGE_REWARD = 1_000_000e6;
    int256 private constant LARGE_FEE = 50_000e6;

    // REWARD, FEE and LOCK of the other runs, as gains and losses.
    int256 private constant PAID = 100e6;
    int256 private constant FEE_PAID = 5e6;
    int256 private constant STAKE_LOST = 10e6;

    struct Wealth {
        uint256 poster;
        uint256 agent;
        uint256 treasury;
        uint256 burned;
    }

    Wealth private _before;

    function setUp() public override {
        super.setUp();
        usdc.mint(poster, 2 * LARGE_REWARD);
        usdc.mint(owner, 2 * LARGE_REWARD);
        _stake(LARGE_REWARD);
        _before = _wealth();
    }

    function test_GarbageAtDefaultTerms_CostsTheAgent20AndThePosterTheFee() public {
        uint256 bountyId = _post(LARGE_REWARD);
        _claim(bountyId);
        _submitAndRevise(bountyId);
        _reject(bountyId);
        assertLe(vm.getBlockTimestamp(), START + 28 days);
        _assertGains(-LARGE_FEE, -20e6, 0);
    }

    /// @dev From a stake of 5 % on, the attacker loses as much as the poster. An evaluator can reject the first
    /// delivery.
    function test_GarbageAtAStakeOf10Percent_CostsTheAgentTwiceThePostersFee() public {
        terms.stakePercent = 10;
        terms.evaluator = evaluator;
        uint256 bountyId = _post(LARGE_REWARD);
        _claim(bountyId);
        _submit(bountyId);
        _reject(bountyId);
        assertEq(vm.getBlockTimestamp(), START, "no revision is needed");
        _assertGains(-LARGE_FEE, -100_000e6, 0);
    }

    function test_SquattingUntilTheSlash_CostsTheStakeAndAFreeze() public {
        uint256 bountyId = _post(LARGE_REWARD);
        _claim(bountyId);
        skip(7 days + 1);
        vm.prank(poster);
        market.slashAndWithdraw(bountyId);
        (,,,,, bool frozen,) = staking.accountOf(AGENT);
        assertTrue(frozen);
        _assertGains(0, -20e6, 0);
    }

    function test_SquattingUntilTheLastSecond_CostsTheStake() public {
        uint256 bountyId = _post(LARGE_REWARD);
        _claim(bountyId);
        skip(7 days);
        _abandon(bountyId);
        vm.prank(poster);
        market.withdrawBounty(bountyId);
        _assertGains(0, -20e6, 0);
    }

    /// @dev A run that no agent can complete. The poster gains nothing from the stake, and the agent keeps its status.
    function test_BaitThatTheAgentAbandons_BringsThePosterNothing() public {
        uint256 bountyId = _postClaimed();
        _abandon(bountyId);
        vm.prank(poster);
        market.withdrawBounty(bountyId);
        (,,,, uint256 slashes, bool frozen,) = staking.accountOf(AGENT);
        assertEq(slashes, 0);
        assertFalse(frozen);
        _assertGains(0, -STAKE_LOST, 0);
    }

    function test_BaitThatExpires_BringsThePosterNothing() public {
        uint256 bountyId = _postClaimed();
        skip(7 days + 1);
        vm.prank(poster);
        market.slashAndWithdraw(bountyId);
        _assertGains(0, -STAKE_LOST, 0);
    }

    /// @dev The poster keeps the delivered work. On chain, it pays the fee and gains no USDC.
    function test_FreeRidingByRejection_CostsThePosterTheFee() public {
        uint256 bountyId = _postClaimed();
        _submitAndRevise(bountyId);
        _reject(bountyId);
        _assertGains(-FEE_PAID, -STAKE_LOST, 0);
    }

    function test_ARevisionAskedOfAnAbsentAgent_CostsThePosterTheFee() public {
        uint256 bountyId = _postSubmitted();
        _requestRevision(bountyId);
        skip(7 days + 1);
        _rejectOverdue(bountyId);
        (,,,, uint256 slashes, bool frozen,) = staking.accountOf(AGENT);
        assertEq(slashes, 0);
        assertFalse(frozen);
        _assertGains(-FEE_PAID, -STAKE_LOST, 0);
    }

    /// @dev Submitting the same work again is enough, and anyone may send the signed submission.
    function test_ARevisionThatTheAgentAnswers_BringsThePosterNothing() public {
        uint256 bountyId = _postSubmitted();
        for (uint256 i = 0; i < 2; ++i) {
            _requestRevision(bountyId);
            skip(6 days);
            _submit(bountyId);
        }
        skip(7 days + 1);
        market.finalizeReview(bountyId);
        _assertGains(-PAID - FEE_PAID, PAID, FEE_PAID);
    }

    function test_AnEvaluatorThatIsThePosterInDisguise_PaysTheFeeForEachRejection() public {
        terms.evaluator = makeAddr("poster in disguise");
        uint256 bountyId = _postSubmitted();
        _reject(bountyId);
        assertEq(usdc.balanceOf(terms.evaluator), 0);
        _assertGains(-FEE_PAID, -STAKE_LOST, 0);
    }

    /// @dev As a poster it can lose only the fee that it burns, and as an agent only the stake.
    function test_ATreasuryThatAttacks_EarnsNothing() public {
        vm.prank(owner);
        registry.transferFrom(owner, treasury, AGENT);
        wallet = treasury;
        uint256 bountyId = _postClaimed();
        _submitAndRevise(bountyId);
        _reject(bountyId);
        bountyId = _postClaimed();
        skip(7 days + 1);
        vm.prank(poster);
        market.slashAndWithdraw(bountyId);
        assertEq(usdc.balanceOf(treasury), 0);
        assertEq(usdc.balanceOf(BURN), FEE + 2 * LOCK);
    }

    /// @dev The status costs 0.0025 USDC, and thirty days of a stake that is returned.
    function test_FarmingTheLadder_CostsTheFees() public {
        for (uint256 i = 0; i < 5; ++i) {
            uint256 bountyId = _post(10_000);
            _claim(bountyId);
            _submit(bountyId);
            _approve(bountyId);
        }
        assertEq(usdc.balanceOf(treasury), 2500);
        Wealth memory wealth = _wealth();
        assertEq(_before.poster + _before.agent - wealth.poster - wealth.agent, 2500);
    }

    /// @dev No agent can keep a run forever, and every escrow is paid out even if both parties are gone.
    function test_GivenADeadPosterAndADeadAgent_TheEscrowGoesBackAfterGrace() public {
        uint256 bountyId = _post();
        vm.warp(DEADLINE);
        _claim(bountyId);
        skip(14 days + 1);
        vm.prank(stranger);
        market.slashExpired(bountyId);
        _assertGains(0, -STAKE_LOST, 0);
    }

    function _submitAndRevise(uint256 bountyId) private {
        _submit(bountyId);
        for (uint256 i = 0; i < 3; ++i) {
            skip(7 days);
            _requestRevision(bountyId);
            _submit(bountyId);
        }
    }

    /// @dev The agent's side is its owner, its wallet and its stake.
    function _wealth() private view returns (Wealth memory) {
        (uint256 staked,,,,,,) = staking.accountOf(AGENT);
        return Wealth({
            poster: usdc.balanceOf(poster),
            agent: usdc.balanceOf(owner) + usdc.balanceOf(wallet) + staked,
            treasury: usdc.balanceOf(treasury),
            burned: usdc.balanceOf(BURN)
        });
    }

    /// @dev The amount that no account gained was burned.
    function _assertGains(int256 toPoster, int256 toAgent, int256 toTreasury) private view {
        Wealth memory wealth = _wealth();
        assertEq(wealth.poster.toInt256() - _before.poster.toInt256(), toPoster, "poster");
        assertEq(wealth.agent.toInt256() - _before.agent.toInt256(), toAgent, "agent");
        assertEq(wealth.treasury.toInt256() - _before.treasury.toInt256(), toTreasury, "treasury");
        assertEq(wealth.burned.toInt256() - _before.burned.toInt256(), -toPoster - toAgent - toTreasury, "burned");
        assertEq(usdc.balanceOf(address(market)), 0, "market");
    }
}
