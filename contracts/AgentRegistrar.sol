// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

import {IAgentRegistrar} from "./interfaces/IAgentRegistrar.sol";
import {IAgentRegistry} from "./interfaces/IAgentRegistry.sol";

/// @title AgentRegistrar
/// @notice Registers agents for other accounts in a registry that registers its caller only.
/// @dev An agent that `transferFrom` moves to this contract stays here: ERC-721 does not ask the receiver.
contract AgentRegistrar is IAgentRegistrar {
    /// @inheritdoc IAgentRegistrar
    address public immutable REGISTRY;

    constructor(address registry) {
        REGISTRY = registry;
    }

    /// @inheritdoc IAgentRegistrar
    function registerFor(address owner, string calldata agentURI) external returns (uint256 agentId) {
        agentId = IAgentRegistry(REGISTRY).register(agentURI);
        emit Registered(agentId, agentURI, owner);
        IAgentRegistry(REGISTRY).safeTransferFrom(address(this), owner, agentId);
    }

    /// @inheritdoc IERC721Receiver
    function onERC721Received(address operator, address from, uint256 agentId, bytes calldata)
        external
        view
        returns (bytes4)
    {
        bool isOwnMint = msg.sender == REGISTRY && operator == address(this) && from == address(0);
        require(isOwnMint, UnexpectedAgent(msg.sender, operator, from, agentId));
        return IERC721Receiver.onERC721Received.selector;
    }
}
