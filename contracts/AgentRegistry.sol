// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {WalletSignatures} from "./WalletSignatures.sol";
import {IAgentRegistry} from "./interfaces/IAgentRegistry.sol";

/// @title AgentRegistry
/// @notice The ERC-8004 identity registry of a chain that has no canonical one.
/// @dev Differs from the canonical deployment in this: no owner and no upgrade; ids start at 1; `registerFor`; the
/// receiver of a new token is called last, after the agent is complete and all its events are emitted, so that
/// replaying the logs gives the state, whatever the receiver does.
contract AgentRegistry is IAgentRegistry, ERC721URIStorage, EIP712 {
    string private constant WALLET_KEY = "agentWallet";
    bytes32 private constant WALLET_KEY_HASH = keccak256(bytes(WALLET_KEY));
    uint256 private constant MAX_SIGNATURE_VALIDITY = 5 minutes;
    bytes32 private constant AGENT_WALLET_SET_TYPEHASH =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");

    uint256 private _lastAgentId;

    /// @dev Zero where the agent has none. `getMetadata` shows it too, as 20 bytes or none, under WALLET_KEY.
    mapping(uint256 agentId => address) private _wallets;
    mapping(uint256 agentId => mapping(string metadataKey => bytes metadataValue)) private _metadata;

    /// @dev The canonical registry's domain, so that wallet software needs only one typed-data definition.
    constructor() ERC721("AgentIdentity", "AGENT") EIP712("ERC8004IdentityRegistry", "1") {}

    /// @inheritdoc IAgentRegistry
    function register() external returns (uint256 agentId) {
        return _register(msg.sender, "", new MetadataEntry[](0));
    }

    /// @inheritdoc IAgentRegistry
    function register(string calldata agentURI) external returns (uint256 agentId) {
        return _register(msg.sender, agentURI, new MetadataEntry[](0));
    }

    /// @inheritdoc IAgentRegistry
    function register(string calldata agentURI, MetadataEntry[] calldata metadata) external returns (uint256 agentId) {
        return _register(msg.sender, agentURI, metadata);
    }

    /// @inheritdoc IAgentRegistry
    function registerFor(address owner, string calldata agentURI) external returns (uint256 agentId) {
        return _register(owner, agentURI, new MetadataEntry[](0));
    }

    /// @inheritdoc IAgentRegistry
    function setAgentURI(uint256 agentId, string calldata newURI) external {
        _requireOwnerOrApproved(agentId);
        _setTokenURI(agentId, newURI);
        emit URIUpdated(agentId, newURI, msg.sender);
    }

    /// @inheritdoc IAgentRegistry
    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) external {
        _requireOwnerOrApproved(agentId);
        _setUnreservedMetadata(agentId, metadataKey, metadataValue);
    }

    /// @inheritdoc IAgentRegistry
    /// @dev The ERC's type has no nonce. A signature can be used again until it expires, within five minutes, and only
    /// while the owner that it names owns the agent.
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature) external {
        address owner = _requireOwnerOrApproved(agentId);
        require(newWallet != address(0), ZeroAgentWallet(agentId));
        require(block.timestamp <= deadline, WalletSignatureExpired(agentId, deadline, block.timestamp));
        uint256 latest = block.timestamp + MAX_SIGNATURE_VALIDITY;
        require(deadline <= latest, WalletSignatureTooLong(agentId, deadline, latest));
        bytes32 digest =
            _hashTypedDataV4(keccak256(abi.encode(AGENT_WALLET_SET_TYPEHASH, agentId, newWallet, owner, deadline)));
        require(WalletSignatures.isSignedBy(newWallet, digest, signature), InvalidWalletSignature(agentId, newWallet));

        _setWallet(agentId, newWallet);
    }

    /// @inheritdoc IAgentRegistry
    function unsetAgentWallet(uint256 agentId) external {
        _requireOwnerOrApproved(agentId);
        _setWallet(agentId, address(0));
    }

    /// @inheritdoc IAgentRegistry
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory) {
        return _isWalletKey(metadataKey) ? _encode(_wallets[agentId]) : _metadata[agentId][metadataKey];
    }

    /// @inheritdoc IAgentRegistry
    function getAgentWallet(uint256 agentId) external view returns (address) {
        return _wallets[agentId];
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721URIStorage, IERC165) returns (bool) {
        return super.supportsInterface(interfaceId);
    }

    function _register(address owner, string memory agentURI, MetadataEntry[] memory metadata)
        private
        returns (uint256 agentId)
    {
        agentId = ++_lastAgentId;

        _mint(owner, agentId);
        _setTokenURI(agentId, agentURI);
        emit Registered(agentId, agentURI, owner);
        _setWallet(agentId, owner);
        for (uint256 i = 0; i < metadata.length; ++i) {
            _setUnreservedMetadata(agentId, metadata[i].metadataKey, metadata[i].metadataValue);
        }

        ERC721Utils.checkOnERC721Received(msg.sender, address(0), owner, agentId, "");
    }

    /// @dev A new owner must prove a new wallet: every transfer clears the wallet, even one to the same owner. Minting
    /// sets it instead.
    function _update(address to, uint256 agentId, address auth) internal override returns (address from) {
        from = super._update(to, agentId, auth);
        if (from != address(0)) _setWallet(agentId, address(0));
    }

    function _setWallet(uint256 agentId, address wallet) private {
        _wallets[agentId] = wallet;
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, _encode(wallet));
    }

    function _setUnreservedMetadata(uint256 agentId, string memory metadataKey, bytes memory metadataValue) private {
        require(!_isWalletKey(metadataKey), ReservedMetadataKey(agentId, metadataKey));
        _metadata[agentId][metadataKey] = metadataValue;
        emit MetadataSet(agentId, metadataKey, metadataKey, metadataValue);
    }

    function _requireOwnerOrApproved(uint256 agentId) private view returns (address owner) {
        owner = _requireOwned(agentId);
        require(_isAuthorized(owner, msg.sender, agentId), NotAgentOwnerOrApproved(agentId, msg.sender));
    }

    function _isWalletKey(string memory metadataKey) private pure returns (bool) {
        return keccak256(bytes(metadataKey)) == WALLET_KEY_HASH;
    }

    /// @dev A wallet as metadata: no wallet is no bytes.
    function _encode(address wallet) private pure returns (bytes memory) {
        return wallet == address(0) ? bytes("") : abi.encodePacked(wallet);
    }
}
