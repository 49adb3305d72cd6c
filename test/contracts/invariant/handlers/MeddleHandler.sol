// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Dice} from "../Dice.sol";
import {Handler} from "./Handler.sol";

/// @notice Calls that no account may ever make, with arguments that would do harm (I6).
abstract contract MeddleHandler is Handler {
    function meddle(uint256 seed) external {
        Dice memory dice = Dice(seed);
        address caller = _anyone(dice);
        bool withStake = dice.roll(2) == 0;
        (address target, bytes memory data) =
            withStake ? (address(staking), _takingStake(dice)) : (address(market), _claimingFromOutside(dice));
        (bool ok,) = _act(caller, target, data);
        _assertInvariant(6, !ok, "a call that no account may make succeeded");
    }

    function _takingStake(Dice memory dice) private view returns (bytes memory) {
        uint256 bountyId = _bountyIn(dice, _awaitsWork);
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        (uint256 agentId, uint256 amount) = (bounty.agentId, bounty.reward / 10);
        uint256 side = dice.roll(5);
        if (side == 4) return abi.encodeCall(staking.burnDeferred, ());
        if (side == 0) return abi.encodeCall(staking.lock, (agentId, bountyId, amount));
        if (side == 1) return abi.encodeCall(staking.release, (agentId, bountyId, amount, bounty.reward));
        if (side == 2) return abi.encodeCall(staking.forfeit, (agentId, bountyId, amount));
        return abi.encodeCall(staking.slash, (agentId, bountyId, amount, block.timestamp));
    }

    function _claimingFromOutside(Dice memory dice) private view returns (bytes memory) {
        uint256 bountyId = _bountyIn(dice, _isOpen);
        uint256 agentId = _agent(dice);
        address wallet = _walletOf(agentId);
        return abi.encodeCall(market.claimInBatch, (bountyId, agentId, wallet, block.timestamp, "", relayer));
    }
}
