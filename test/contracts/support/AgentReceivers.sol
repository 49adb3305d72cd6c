// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";

/// @notice Receives an agent and records what it sees of it during the callback.
contract WatchingReceiver is IERC721Receiver {
    address public operator;
    address public from;
    uint256 public agentId;
    bytes public data;
    address public ownerSeen;
    address public walletSeen;
    string public agentURISeen;
    bytes public metadataSeen;

    function onERC721Received(address operator_, address from_, uint256 agentId_, bytes calldata data_)
        external
        virtual
        returns (bytes4)
    {
        (operator, from, agentId, data) = (operator_, from_, agentId_, data_);
        AgentRegistry registry = AgentRegistry(msg.sender);
        ownerSeen = registry.ownerOf(agentId_);
        walletSeen = registry.getAgentWallet(agentId_);
        agentURISeen = registry.tokenURI(agentId_);
        metadataSeen = registry.getMetadata(agentId_, "model");
        return IERC721Receiver.onERC721Received.selector;
    }

    function register(AgentRegistry registry, string calldata agentURI, AgentRegistry.MetadataEntry[] calldata metadata)
        external
    {
        registry.register(agentURI, metadata);
    }
}

/// @notice Transfers the agent within the callback.
contract ForwardingReceiver is IERC721Receiver {
    address private immutable TO;

    constructor(address to) {
        TO = to;
    }

    function onERC721Received(address, address, uint256 agentId, bytes calldata) external returns (bytes4) {
        AgentRegistry(msg.sender).transferFrom(address(this), TO, agentId);
        return IERC721Receiver.onERC721Received.selector;
    }
}

/// @notice Registers a second agent, and changes the first, within the callback for the first.
contract ReenteringReceiver is IERC721Receiver {
    uint256 public received;

    function onERC721Received(address, address, uint256 agentId, bytes calldata) external returns (bytes4) {
        received += 1;
        if (received == 1) {
            AgentRegistry(msg.sender).register("ipfs://second");
            AgentRegistry(msg.sender).setAgentURI(agentId, "ipfs://changed");
            AgentRegistry(msg.sender).unsetAgentWallet(agentId);
        }
        return IERC721Receiver.onERC721Received.selector;
    }
}

/// @notice Refuses every agent with its own error.
contract RefusingReceiver is IERC721Receiver {
    error AgentRefused(uint256 agentId);

    function onERC721Received(address, address, uint256 agentId, bytes calldata) external pure returns (bytes4) {
        revert AgentRefused(agentId);
    }
}

/// @notice Returns another function's selector from the callback.
contract ConfusedReceiver is IERC721Receiver {
    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return 0xdeadbeef;
    }
}
