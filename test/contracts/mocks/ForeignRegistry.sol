// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

import {IAgentRegistry} from "../../../contracts/interfaces/IAgentRegistry.sol";

/// @notice An ERC-8004 registry that is not ours: ids start at 0, and its events come in the canonical deployment's
/// order, with the receiver's callback between mint and `Registered`. Its other functions are what an upgrade could
/// add.
contract ForeignRegistry is ERC721 {
    uint256 private _lastId;
    mapping(uint256 agentId => address) public getAgentWallet;
    mapping(uint256 agentId => address) private _silentOwner;

    constructor() ERC721("Foreign", "FRGN") {}

    function register(string calldata agentURI) external returns (uint256 agentId) {
        agentId = _lastId++;
        registerAs(agentId, agentURI);
    }

    /// @notice Registers an agent under any id.
    function registerAs(uint256 agentId, string calldata agentURI) public {
        getAgentWallet[agentId] = msg.sender;
        _safeMint(msg.sender, agentId);
        announce(agentId, agentURI, msg.sender);
        announceWallet(agentId, abi.encodePacked(msg.sender));
    }

    function setAgentWallet(uint256 agentId, address wallet) external {
        getAgentWallet[agentId] = wallet;
        announceWallet(agentId, abi.encodePacked(wallet));
    }

    function burn(uint256 agentId) external {
        _burn(agentId);
    }

    /// @notice Answers for an agent without any event about it.
    function adopt(uint256 agentId, address owner) external {
        _silentOwner[agentId] = owner;
    }

    /// @notice Emits false events.
    function announce(uint256 agentId, string calldata agentURI, address owner) public {
        emit IAgentRegistry.Registered(agentId, agentURI, owner);
    }

    function announceURI(uint256 agentId, string calldata newURI) external {
        emit IAgentRegistry.URIUpdated(agentId, newURI, msg.sender);
    }

    function announceWallet(uint256 agentId, bytes memory value) public {
        emit IAgentRegistry.MetadataSet(agentId, "agentWallet", "agentWallet", value);
    }

    function _ownerOf(uint256 agentId) internal view override returns (address) {
        address owner = _silentOwner[agentId];
        return owner == address(0) ? super._ownerOf(agentId) : owner;
    }

    function _update(address to, uint256 agentId, address auth) internal override returns (address) {
        if (_ownerOf(agentId) != address(0) && to != address(0)) {
            getAgentWallet[agentId] = address(0);
            announceWallet(agentId, "");
        }
        return super._update(to, agentId, auth);
    }
}

/// @notice Registers an agent that, in the callback, is transferred or gets another wallet.
contract HastyReceiver is IERC721Receiver {
    address private immutable HEIR;
    address private immutable WALLET;

    constructor(address heir, address wallet) {
        (HEIR, WALLET) = (heir, wallet);
    }

    function register(ForeignRegistry registry) external {
        registry.register("ipfs://hasty");
    }

    function onERC721Received(address, address, uint256 agentId, bytes calldata) external returns (bytes4) {
        ForeignRegistry registry = ForeignRegistry(msg.sender);
        if (HEIR != address(0)) registry.transferFrom(address(this), HEIR, agentId);
        if (WALLET != address(0)) registry.setAgentWallet(agentId, WALLET);
        return IERC721Receiver.onERC721Received.selector;
    }
}
