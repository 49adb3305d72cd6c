// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dice} from "../Dice.sol";
import {Handler} from "./Handler.sol";

/// @notice The calls of agents about their stake.
abstract contract StakeHandler is Handler {
    /// @dev Frozen agents first, so that they are unfrozen.
    function stake(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 agentId = _agent(dice);
        for (uint256 i = 0; i < OWNERS && !_isFrozen(agentId) && dice.roll(2) == 0; ++i) {
            agentId = agents[i];
        }
        _actAsAgent(dice, agentId, abi.encodeCall(staking.stake, (agentId, _stakeAmount(dice))));
    }

    function unstake(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 agentId = _agent(dice);
        _actAsAgent(dice, agentId, abi.encodeCall(staking.unstake, (agentId, _unstakeAmount(dice, agentId))));
    }

    function _actAsAgent(Dice memory dice, uint256 agentId, bytes memory data) private {
        address right = dice.roll(2) == 0 ? _walletOf(agentId) : _ownerOf(agentId);
        _act(_caller(dice, right), address(staking), data);
    }

    function _stakeAmount(Dice memory dice) private view returns (uint256) {
        uint256 side = dice.roll(16);
        if (side == 0) return 0;
        if (side == 1) return 1;
        if (side == 2) return staking.MIN_STAKE() - 1;
        if (side == 3) return type(uint56).max;
        if (side == 4) return type(uint256).max;
        if (side < 8) return dice.between(1, staking.MIN_STAKE());
        return dice.between(staking.MIN_STAKE(), 2 * staking.MIN_STAKE());
    }

    /// @dev Around the amounts that `unstake` compares: the balance, the locked stake, MIN_STAKE.
    function _unstakeAmount(Dice memory dice, uint256 agentId) private view returns (uint256) {
        (uint256 staked, uint256 locked,,,,,) = staking.accountOf(agentId);
        uint256 least = staking.MIN_STAKE();
        uint256 side = dice.roll(8);
        if (side == 0) return staked;
        if (side == 1) return staked + 1;
        if (side == 2) return staked - locked;
        if (side == 3) return staked - locked + 1;
        if (side == 4) return staked > least ? staked - least : 1;
        if (side == 5) return staked > least ? staked - least + 1 : 0;
        return dice.between(1, 10e6);
    }

    function _isFrozen(uint256 agentId) private view returns (bool frozen) {
        (,,,,, frozen,) = staking.accountOf(agentId);
    }
}
