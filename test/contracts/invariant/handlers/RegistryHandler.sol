// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentWalletSigner} from "../../support/AgentWalletSigner.sol";
import {Dice} from "../Dice.sol";
import {Handler} from "./Handler.sol";

/// @notice The calls of owners about their agents, during live runs.
abstract contract RegistryHandler is Handler, AgentWalletSigner {
    function changeAgent(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 agentId = _agent(dice);
        address owner = _ownerOf(agentId);
        uint256 side = dice.roll(4);
        bytes memory data;
        // To any account: an agent may be sold to a poster, the treasury, a wallet of another agent.
        if (side == 0) data = abi.encodeCall(registry.transferFrom, (owner, _anyone(dice), agentId));
        else if (side == 1) data = abi.encodeCall(registry.unsetAgentWallet, (agentId));
        else data = _settingWallet(dice, agentId, owner);
        _act(_caller(dice, owner), address(registry), data);
    }

    function _settingWallet(Dice memory dice, uint256 agentId, address owner) private view returns (bytes memory) {
        address wallet = dice.roll(4) == 0 ? contractWallet : people[POSTERS + OWNERS + dice.roll(WALLETS)];
        bytes32 digest = agentWalletDigest(address(registry), agentId, wallet, owner, block.timestamp);
        bytes memory signature = sign(keyOf[wallet], digest);
        return abi.encodeCall(registry.setAgentWallet, (agentId, wallet, block.timestamp, signature));
    }
}
