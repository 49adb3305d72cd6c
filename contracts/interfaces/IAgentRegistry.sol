// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title IAgentRegistry
/// @notice The ERC-8004 identity registry: every agent is an ERC-721 token, its id is the agent id. Ids start at 1.
/// @dev The interface of https://eips.ethereum.org/EIPS/eip-8004, plus `registerFor`, which the ERC does not have.
/// Details of a wallet's signature that the ERC leaves open follow the canonical deployment. Trusts no other contract:
/// a wallet with code is called by staticcall.
interface IAgentRegistry is IERC721 {
    /// @notice One on-chain metadata entry of an agent.
    struct MetadataEntry {
        string metadataKey;
        bytes metadataValue;
    }

    /// @notice An agent was registered.
    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);

    /// @notice The agent's registration file is now at `newURI`.
    event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy);

    /// @notice A metadata entry was written. Under the key "agentWallet" the value is the wallet's 20 bytes, or empty
    /// once it is unset.
    event MetadataSet(
        uint256 indexed agentId, string indexed indexedMetadataKey, string metadataKey, bytes metadataValue
    );

    /// @notice `caller` is neither the agent's owner nor approved for the agent.
    error NotAgentOwnerOrApproved(uint256 agentId, address caller);

    /// @notice The key "agentWallet" is written by `setAgentWallet` and `unsetAgentWallet` alone.
    error ReservedMetadataKey(uint256 agentId, string metadataKey);

    /// @notice The zero address cannot be an agent's wallet. Use `unsetAgentWallet`.
    error ZeroAgentWallet(uint256 agentId);

    /// @notice The signature's deadline has passed. Both in seconds.
    error WalletSignatureExpired(uint256 agentId, uint256 deadline, uint256 timestamp);

    /// @notice The signature would stay valid longer than the canonical registry's five minutes. Both in seconds.
    error WalletSignatureTooLong(uint256 agentId, uint256 deadline, uint256 latest);

    /// @notice `wallet` did not sign `AgentWalletSet` for this agent, owner and deadline.
    error InvalidWalletSignature(uint256 agentId, address wallet);

    /// @notice Registers an agent without a registration file, owned by the caller. Its wallet is the caller.
    /// @dev A caller or owner with code must answer `onERC721Received`; every `register` reverts as that call does, or
    /// with `ERC721InvalidReceiver`.
    /// @return agentId The new agent's id.
    function register() external returns (uint256 agentId);

    /// @notice Registers an agent owned by the caller. Its wallet is the caller.
    /// @param agentURI Where the agent's registration file is (ipfs://, https:// or data:). May be empty.
    /// @return agentId The new agent's id.
    function register(string calldata agentURI) external returns (uint256 agentId);

    /// @notice Registers an agent owned by the caller, with metadata. Its wallet is the caller.
    /// @dev Reverts with `ReservedMetadataKey` if an entry's key is "agentWallet".
    /// @return agentId The new agent's id.
    function register(string calldata agentURI, MetadataEntry[] calldata metadata) external returns (uint256 agentId);

    /// @notice Registers an agent for `owner`, so that a service can pay for the identity of an agent that holds no
    /// gas. Anyone may call it; the caller keeps no right over the agent. Its wallet is `owner`.
    /// @dev Reverts with `ERC721InvalidReceiver` if `owner` is the zero address.
    /// @return agentId The new agent's id.
    function registerFor(address owner, string calldata agentURI) external returns (uint256 agentId);

    /// @notice Sets the location of the agent's registration file. The owner, or one approved for the agent.
    /// @dev Reverts with `ERC721NonexistentToken` or `NotAgentOwnerOrApproved`, as every call does that changes an
    /// agent.
    function setAgentURI(uint256 agentId, string calldata newURI) external;

    /// @notice The value stored under `metadataKey`, empty if none or if there is no such agent.
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory);

    /// @notice Stores a metadata entry. The owner, or one approved for the agent. Any key but "agentWallet".
    /// @dev Also reverts with `ReservedMetadataKey`.
    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) external;

    /// @notice The address that acts and is paid for the agent: the owner at registration, zero after a transfer or
    /// `unsetAgentWallet`, and zero if there is no such agent.
    function getAgentWallet(uint256 agentId) external view returns (address);

    /// @notice Makes `newWallet` the agent's wallet. The owner, or one approved for the agent.
    /// @dev Also reverts with `ZeroAgentWallet`, `WalletSignatureExpired`, `WalletSignatureTooLong` or
    /// `InvalidWalletSignature`, in this order.
    /// @param deadline Last second at which the signature holds, at most five minutes ahead.
    /// @param signature EIP-712 by `newWallet` over
    /// `AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)`; ECDSA, else ERC-1271. The domain
    /// is "ERC8004IdentityRegistry", version "1", with chain id and contract.
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature) external;

    /// @notice Clears the agent's wallet. The owner, or one approved for the agent.
    function unsetAgentWallet(uint256 agentId) external;
}
