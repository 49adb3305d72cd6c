// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

/// @title IAgentRegistrar
/// @notice Registers agents for other accounts in an ERC-8004 registry that has no `registerFor`, such as the canonical
/// deployment. No owner, no state, and it holds no agent between calls.
/// @dev Trusts the registry, as the market does. No signature is checked: in any such registry any account can register
/// an agent and transfer it to any other, so this adds no right. Every call reverts as the registry does.
interface IAgentRegistrar is IERC721Receiver {
    /// @notice `agentURI` was registered for `owner`. The registry's own `Registered` names this contract.
    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);

    /// @notice Only the registry may call, and only to mint what this contract registers: any other agent that it
    /// received would stay here.
    error UnexpectedAgent(address token, address operator, address from, uint256 agentId);

    /// @notice The registry.
    function REGISTRY() external view returns (address);

    /// @notice Registers an agent owned by `owner`. Anyone. Its wallet is `owner`: the transfer clears the wallet that the
    /// registry sets for its caller, and an agent without a wallet acts by its owner.
    /// @dev An `owner` with code must answer `onERC721Received`, which is called last.
    /// @param agentURI Where the agent's registration file is (ipfs://, https:// or data:). May be empty.
    /// @return agentId The new agent's id.
    function registerFor(address owner, string calldata agentURI) external returns (uint256 agentId);
}
