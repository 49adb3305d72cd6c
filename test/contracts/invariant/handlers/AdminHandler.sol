// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dice} from "../Dice.sol";
import {Handler} from "./Handler.sol";

/// @notice The calls of the staking contract's owner.
abstract contract AdminHandler is Handler {
    function administer(uint256 seed) external {
        Dice memory dice = Dice(seed);
        (uint256 agentId, bool banned) = _bannedAgent(dice);
        uint256 side = dice.roll(16);
        if (side == 0) _handOver(dice);
        else if (side == 1 && dice.rarely()) _actAsAdmin(dice, abi.encodeCall(staking.renounceOwnership, ()));
        else if (banned != dice.rarely()) _actAsAdmin(dice, abi.encodeCall(staking.unban, (agentId)));
        else if (side < 6) _actAsAdmin(dice, abi.encodeCall(staking.ban, (agentId)));
    }

    function _handOver(Dice memory dice) private {
        address heir = _anyone(dice);
        _actAsAdmin(dice, abi.encodeCall(staking.transferOwnership, (heir)));
        _act(_caller(dice, heir), address(staking), abi.encodeCall(staking.acceptOwnership, ()));
    }

    function _actAsAdmin(Dice memory dice, bytes memory data) private {
        _act(_caller(dice, staking.owner()), address(staking), data);
    }

    /// @return agentId A banned agent, or any where none is.
    function _bannedAgent(Dice memory dice) private view returns (uint256 agentId, bool banned) {
        agentId = _agent(dice);
        banned = _isBanned(agentId);
        for (uint256 i = 0; i < OWNERS && !banned; ++i) {
            if (_isBanned(agents[i])) return (agents[i], true);
        }
    }

    function _isBanned(uint256 agentId) private view returns (bool banned) {
        (,,,,,, banned) = staking.accountOf(agentId);
    }
}
