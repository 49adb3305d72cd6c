// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {BountyMarketTest} from "../../support/BountyMarketTest.sol";

/// @title MeasuredAttacks
/// @notice Plays an attack at each of four rewards, and measures what every party gains or loses, in USDC base units.
abstract contract MeasuredAttacks is BountyMarketTest {
    using SafeCast for uint256;

    /// @dev What a party has, or is owed.
    struct Wealth {
        uint256 poster;
        uint256 agent;
        uint256 treasury;
        uint256 burned;
    }

    Wealth private _before;

    function setUp() public virtual override {
        super.setUp();
        usdc.mint(poster, 10_000_000e6);
        usdc.mint(owner, 10_000_000e6);
        _stake(5_000_000e6);
        _before = _wealth();
    }

    /// @param attack Called with the number of the reward, 0 to 3, each time from the same state.
    function _atEachReward(function(uint256) external attack) internal {
        for (uint256 i = 0; i < 4; ++i) {
            uint256 snapshot = vm.snapshotState();
            attack(i);
            vm.revertToStateAndDelete(snapshot);
        }
    }

    // The amounts that docs/threat-model.md states, at each reward with default terms.

    function _reward(uint256 i) internal pure returns (int256) {
        return [int256(1e6), 100e6, 10_000e6, 1_000_000e6][i];
    }

    function _fee(uint256 i) internal pure returns (int256) {
        return [int256(50_000), 5e6, 500e6, 50_000e6][i];
    }

    function _stakeAt(uint256 i) internal pure returns (int256) {
        return [int256(100_000), 10e6, 500e6, 50_000e6][i];
    }

    function _postAt(uint256 i) internal returns (uint256) {
        return _post(SafeCast.toUint256(_reward(i)));
    }

    function _postClaimedAt(uint256 i) internal returns (uint256 bountyId) {
        bountyId = _postAt(i);
        _claim(bountyId);
    }

    /// @dev What no party gained was burned. Nothing else is left in the market.
    function _assertGains(int256 toPoster, int256 toAgent, int256 toTreasury) internal view {
        Wealth memory wealth = _wealth();
        assertEq(wealth.poster.toInt256() - _before.poster.toInt256(), toPoster, "poster");
        assertEq(wealth.agent.toInt256() - _before.agent.toInt256(), toAgent, "agent");
        assertEq(wealth.treasury.toInt256() - _before.treasury.toInt256(), toTreasury, "treasury");
        assertEq(wealth.burned.toInt256() - _before.burned.toInt256(), -toPoster - toAgent - toTreasury, "burned");
        assertEq(usdc.balanceOf(address(market)), market.owed(treasury), "market");
    }

    /// @dev The agent's side is its owner, its wallet and its stake.
    function _wealth() private view returns (Wealth memory) {
        (uint256 staked,,,,,,) = staking.accountOf(AGENT);
        return Wealth({
            poster: usdc.balanceOf(poster),
            agent: usdc.balanceOf(owner) + usdc.balanceOf(wallet) + staked,
            treasury: usdc.balanceOf(treasury) + market.owed(treasury),
            burned: usdc.balanceOf(BURN)
        });
    }
}
