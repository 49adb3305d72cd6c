// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IERC8004} from "./IERC8004.sol";

/// @title CanonicalRegistry
/// @notice Behaves like the ERC-8004 identity registry that is deployed on public chains, version 2.0.0.
/// @dev Its differences from ours: ids start at 0; a mint calls its receiver before `Registered` and the wallet's
/// `MetadataSet` are emitted; a transfer clears the wallet before the token moves, and emits in that order; a refused
/// call reverts with a text.
contract CanonicalRegistry is ERC721URIStorage, EIP712 {
    bytes32 private constant TYPEHASH =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");

    uint256 private _count;
    mapping(uint256 agentId => mapping(string metadataKey => bytes)) public getMetadata;

    modifier onlyAuthorized(uint256 agentId) {
        require(_isAuthorized(ownerOf(agentId), msg.sender, agentId), "Not authorized");
        _;
    }

    constructor() ERC721("AgentIdentity", "AGENT") EIP712("ERC8004IdentityRegistry", "1") {}

    function register() external returns (uint256 agentId) {
        agentId = _mintNext();
        _announce(agentId, "");
    }

    function register(string calldata agentURI) external returns (uint256 agentId) {
        agentId = _mintNext();
        _setTokenURI(agentId, agentURI);
        _announce(agentId, agentURI);
    }

    function register(string calldata agentURI, IERC8004.MetadataEntry[] calldata metadata)
        external
        returns (uint256 agentId)
    {
        agentId = _mintNext();
        _setTokenURI(agentId, agentURI);
        _announce(agentId, agentURI);
        for (uint256 i = 0; i < metadata.length; ++i) {
            _setUnreserved(agentId, metadata[i].metadataKey, metadata[i].metadataValue);
        }
    }

    function setAgentURI(uint256 agentId, string calldata newURI) external onlyAuthorized(agentId) {
        _setTokenURI(agentId, newURI);
        emit IERC8004.URIUpdated(agentId, newURI, msg.sender);
    }

    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue)
        external
        onlyAuthorized(agentId)
    {
        _setUnreserved(agentId, metadataKey, metadataValue);
    }

    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature)
        external
        onlyAuthorized(agentId)
    {
        require(newWallet != address(0), "bad wallet");
        require(block.timestamp <= deadline, "expired");
        require(deadline <= block.timestamp + 5 minutes, "deadline too far");
        bytes32 digest =
            _hashTypedDataV4(keccak256(abi.encode(TYPEHASH, agentId, newWallet, ownerOf(agentId), deadline)));
        (address signer,,) = ECDSA.tryRecover(digest, signature);
        require(
            signer == newWallet || SignatureChecker.isValidERC1271SignatureNow(newWallet, digest, signature),
            "invalid wallet sig"
        );
        _set(agentId, "agentWallet", abi.encodePacked(newWallet));
    }

    function unsetAgentWallet(uint256 agentId) external onlyAuthorized(agentId) {
        _set(agentId, "agentWallet", "");
    }

    function getAgentWallet(uint256 agentId) external view returns (address) {
        return address(bytes20(getMetadata[agentId]["agentWallet"]));
    }

    function _update(address to, uint256 agentId, address auth) internal override returns (address) {
        if (_ownerOf(agentId) != address(0)) _set(agentId, "agentWallet", "");
        return super._update(to, agentId, auth);
    }

    function _mintNext() private returns (uint256 agentId) {
        agentId = _count++;
        getMetadata[agentId]["agentWallet"] = abi.encodePacked(msg.sender);
        _safeMint(msg.sender, agentId);
    }

    function _announce(uint256 agentId, string memory agentURI) private {
        emit IERC8004.Registered(agentId, agentURI, msg.sender);
        emit IERC8004.MetadataSet(agentId, "agentWallet", "agentWallet", abi.encodePacked(msg.sender));
    }

    function _setUnreserved(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) private {
        require(keccak256(bytes(metadataKey)) != keccak256("agentWallet"), "reserved key");
        _set(agentId, metadataKey, metadataValue);
    }

    function _set(uint256 agentId, string memory metadataKey, bytes memory metadataValue) private {
        getMetadata[agentId][metadataKey] = metadataValue;
        emit IERC8004.MetadataSet(agentId, metadataKey, metadataKey, metadataValue);
    }
}
