// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {WalletSignatures} from "./WalletSignatures.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title RunSignatures
/// @notice What a wallet signs to claim a run, to start it and to submit its work: EIP-712, domain `BountyMarket` / `1`.
/// @dev No nonce is stored. Each message names the round, which ends with the claim, and a submission also its
/// revision, so that every signature can be used only once.
abstract contract RunSignatures is EIP712 {
    /// @dev The message of a claim, in the order of its type. It includes reward, stake and work period, so that a
    /// reorg cannot put a bounty with other terms under the id.
    struct ClaimMessage {
        uint256 bountyId;
        uint256 agentId;
        address wallet;
        uint256 round;
        uint256 reward;
        uint256 stake;
        uint256 workPeriod;
        uint256 deadline;
    }

    /// @dev Longer signatures are invalid, which bounds the cost of copying an item of a batch.
    uint256 internal constant MAX_SIGNATURE_LENGTH = 8192;

    uint256 private constant MAX_VALIDITY = 1 hours;

    bytes32 private constant CLAIM_TYPEHASH = keccak256(
        "Claim(uint256 bountyId,uint256 agentId,address wallet,uint256 round,uint256 reward,uint256 stake,uint256 workPeriod,uint256 deadline)"
    );
    bytes32 private constant START_WORK_TYPEHASH =
        keccak256("StartWork(uint256 bountyId,address wallet,uint256 round,uint256 deadline)");
    bytes32 private constant SUBMIT_WORK_TYPEHASH = keccak256(
        "SubmitWork(uint256 bountyId,address wallet,uint256 round,uint256 revision,string deliverableHash,uint256 deadline)"
    );

    constructor() EIP712("BountyMarket", "1") {}

    function _requireClaimSignature(ClaimMessage memory message, bytes calldata signature) internal view {
        bytes32 structHash = keccak256(abi.encode(CLAIM_TYPEHASH, message));
        _requireSignature(message.bountyId, message.wallet, message.round, message.deadline, structHash, signature);
    }

    function _requireStartSignature(
        uint256 bountyId,
        address wallet,
        uint256 round,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        bytes32 structHash = keccak256(abi.encode(START_WORK_TYPEHASH, bountyId, wallet, round, deadline));
        _requireSignature(bountyId, wallet, round, deadline, structHash, signature);
    }

    function _requireSubmitSignature(
        uint256 bountyId,
        address wallet,
        uint256 round,
        uint256 revision,
        string calldata deliverableHash,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        bytes32 textHash = keccak256(bytes(deliverableHash));
        bytes32 structHash =
            keccak256(abi.encode(SUBMIT_WORK_TYPEHASH, bountyId, wallet, round, revision, textHash, deadline));
        _requireSignature(bountyId, wallet, round, deadline, structHash, signature);
    }

    /// @dev Reverts unless `wallet` signed this, with a deadline at most an hour ahead. An empty signature is invalid,
    /// whatever an ERC-1271 wallet answers.
    function _requireSignature(
        uint256 bountyId,
        address wallet,
        uint256 round,
        uint256 deadline,
        bytes32 structHash,
        bytes calldata signature
    ) private view {
        require(block.timestamp <= deadline, IBountyMarket.SignatureExpired(deadline, block.timestamp));
        uint256 latest = block.timestamp + MAX_VALIDITY;
        require(deadline <= latest, IBountyMarket.SignatureTooLong(deadline, latest));
        require(
            signature.length > 0 && signature.length <= MAX_SIGNATURE_LENGTH
                && WalletSignatures.isSignedBy(wallet, _hashTypedDataV4(structHash), signature),
            IBountyMarket.InvalidSignature(bountyId, wallet, round)
        );
    }
}
