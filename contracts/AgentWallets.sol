// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {IAgentRegistry} from "./interfaces/IAgentRegistry.sol";

/// @title AgentWallets
/// @notice Reads an agent's owner and wallet from any ERC-8004 registry, however it misbehaves.
/// @dev A registry that reverts, has no code, or returns less than a word or more than an address has no such agent:
/// the answer is the zero address, which cannot be an owner in ERC-721. At most two words of its answer are copied.
library AgentWallets {
    /// @notice The address that acts and is paid for the agent: `getAgentWallet`, or the owner where that is zero.
    /// @return wallet Zero if there is no such agent.
    function walletOf(address registry, uint256 agentId) internal view returns (address wallet) {
        bool answered;
        (answered, wallet) = _ask(registry, abi.encodeCall(IAgentRegistry.getAgentWallet, (agentId)));
        // Falls back to the owner only on an answer of zero. If it did on a failed call, a caller could starve that
        // call of gas, and so act as the owner of an agent that has another wallet.
        if (answered && wallet == address(0)) wallet = ownerOf(registry, agentId);
    }

    /// @notice The owner of the agent's token.
    /// @return owner Zero if there is no such agent.
    function ownerOf(address registry, uint256 agentId) internal view returns (address owner) {
        (, owner) = _ask(registry, abi.encodeCall(IERC721.ownerOf, (agentId)));
    }

    /// @return answered Whether the registry returned an address.
    /// @return answer The address, zero if it did not.
    function _ask(address registry, bytes memory question) private view returns (bool answered, address answer) {
        (bool success, bytes32 word,) = LowLevelCall.staticcallReturn64Bytes(registry, question);
        answered = success && LowLevelCall.returnDataSize() >= 32 && uint256(word) <= type(uint160).max;
        if (answered) answer = address(uint160(uint256(word)));
    }
}
