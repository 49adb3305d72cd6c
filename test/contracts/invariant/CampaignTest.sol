// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentStaking} from "../../../contracts/AgentStaking.sol";
import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {MockUSDC} from "../../../contracts/mocks/MockUSDC.sol";
import {Test} from "../support/Test.sol";
import {Campaign} from "./Campaign.sol";

/// @title CampaignTest
/// @notice A fresh `Campaign` for Forge, and the market's arithmetic to check it.
abstract contract CampaignTest is Test {
    Campaign internal campaign;
    BountyMarket internal market;
    AgentStaking internal staking;
    MockUSDC internal usdc;

    function setUp() public virtual {
        campaign = new Campaign();
        (market, staking, usdc) = (campaign.market(), campaign.staking(), campaign.usdc());
    }

    /// @dev Forge calls only the functions of these contracts.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(campaign);
    }

    /// @dev Claimed and not ended: the agent's stake is locked.
    function _isLive(IBountyMarket.State state) internal pure returns (bool) {
        return state == IBountyMarket.State.CLAIMED || state == IBountyMarket.State.IN_PROGRESS
            || state == IBountyMarket.State.SUBMITTED || state == IBountyMarket.State.REVISION_REQUESTED;
    }

    /// @dev The market holds reward and fee.
    function _isFunded(IBountyMarket.State state) internal pure returns (bool) {
        return state == IBountyMarket.State.OPEN || _isLive(state);
    }

    /// @dev From the market's rules, not from the contract: 5 % of the reward, rounded down.
    function _feeOf(uint256 reward) internal pure returns (uint256) {
        return reward * 5 / 100;
    }

    function _escrowOf(uint256 reward) internal pure returns (uint256) {
        return reward + _feeOf(reward);
    }

    /// @dev Likewise: the share that the terms name, else 10 %, at most 20 USDC and at least the fee; rounded down.
    function _lockOf(uint256 bountyId, IBountyMarket.Bounty memory bounty) internal view returns (uint256) {
        (, uint256 stakePercent,,) = campaign.termsOf(bountyId);
        if (stakePercent > 0) return bounty.reward * stakePercent / 100;
        if (bounty.reward > 400e6) return _feeOf(bounty.reward);
        return bounty.reward > 200e6 ? 20e6 : bounty.reward / 10;
    }

    /// @dev Likewise: the hours that the terms name, else a week.
    function _workPeriodOf(uint256 bountyId) internal view returns (uint256) {
        (uint256 workPeriod,,,) = campaign.termsOf(bountyId);
        return workPeriod == 0 ? 7 days : workPeriod;
    }
}
