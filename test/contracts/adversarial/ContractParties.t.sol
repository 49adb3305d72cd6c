// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {MeasuredAttacks} from "./support/MeasuredAttacks.sol";
import {SoleParty} from "./support/SoleParty.sol";

/// @notice One contract in every role, whose whole run is one transaction.
contract ContractPartiesTest is MeasuredAttacks {
    using SafeCast for int256;

    uint256 private constant START_BALANCE = 10_000_000e6;

    SoleParty private sole;
    uint256 private otherRun;

    function setUp() public override {
        super.setUp();
        sole = new SoleParty(market, registry, usdc);
        usdc.mint(address(sole), START_BALANCE);
        otherRun = _postClaimed();
    }

    function test_GivenOneContractInEveryRole_ACompletionCostsTheFee() public {
        _atEachReward(this.aCompletionByOneContract);
    }

    function aCompletionByOneContract(uint256 i) external {
        sole.complete(_reward(i).toUint256(), 100_000e6);
        _assertCost(_fee(i), _fee(i));
    }

    function test_GivenOneContractInEveryRole_ARejectionCostsFeeAndStake() public {
        _atEachReward(this.aRejectionByOneContract);
    }

    function aRejectionByOneContract(uint256 i) external {
        sole.reject(_reward(i).toUint256(), 100_000e6, _stakeAt(i).toUint256());
        _assertCost(_fee(i) + _stakeAt(i), 0);
    }

    function test_GivenOneContractInEveryRole_GivingUpCostsTheStake() public {
        _atEachReward(this.anAbandonmentByOneContract);
    }

    function anAbandonmentByOneContract(uint256 i) external {
        sole.giveUp(_reward(i).toUint256(), 100_000e6, _stakeAt(i).toUint256());
        _assertCost(_stakeAt(i), 0);
    }

    /// @dev The other run keeps its escrow and its lock.
    function _assertCost(int256 cost, int256 toTreasury) private view {
        assertEq(usdc.balanceOf(address(sole)), START_BALANCE - cost.toUint256());
        assertEq(market.owed(treasury), toTreasury.toUint256());
        assertEq(usdc.balanceOf(BURN), (cost - toTreasury).toUint256());
        assertEq(usdc.balanceOf(address(market)), 105e6 + market.owed(treasury));
        (, uint256 locked,,,,,) = staking.accountOf(AGENT);
        assertEq(locked, LOCK);
        _assertState(otherRun, CLAIMED);
    }
}
