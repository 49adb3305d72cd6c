// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {WalletSignatures} from "./WalletSignatures.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title ClaimSignatures
/// @notice The word of a wallet that it claims a run: EIP-712, domain `BountyMarket` / `1`.
abstract contract ClaimSignatures is EIP712 {
    /// @dev Longer signatures are invalid, which bounds what an item of a batch costs to copy.
    uint256 internal constant MAX_SIGNATURE_LENGTH = 8192;

    uint256 private constant MAX_VALIDITY = 1 hours;

    bytes32 private constant CLAIM_TYPEHASH =
        keccak256("Claim(uint256 bountyId,uint256 agentId,address wallet,uint256 round,uint256 deadline)");

    constructor() EIP712("BountyMarket", "1") {}

    /// @dev Reverts unless `wallet` signed this claim, and at most an hour ahead. `round` dies with the claim that it
    /// counts, so nothing needs to be stored for a signature to be good once only.
    function _requireSignature(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 round,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        require(block.timestamp <= deadline, IBountyMarket.SignatureExpired(deadline, block.timestamp));
        uint256 latest = block.timestamp + MAX_VALIDITY;
        require(deadline <= latest, IBountyMarket.SignatureTooLong(deadline, latest));

        bytes32 digest =
            _hashTypedDataV4(keccak256(abi.encode(CLAIM_TYPEHASH, bountyId, agentId, wallet, round, deadline)));
        require(
            signature.length <= MAX_SIGNATURE_LENGTH && WalletSignatures.isSignedBy(wallet, digest, signature),
            IBountyMarket.InvalidSignature(bountyId, wallet, round)
        );
    }
}
