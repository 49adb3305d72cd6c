// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {WalletSignatures} from "./WalletSignatures.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title RunSignatures
/// @notice What a party signs instead of sending a call: EIP-712, domain `BountyMarket` / `1`.
/// @dev No nonce is stored. A message about a claim names the round, which ends with the claim; one about a delivery
/// names its revision too, one that names a claimant how often one was named. Only the signature of a close can be used
/// again, within its hour.
abstract contract RunSignatures is EIP712 {
    /// @dev The message of a claim, in the order of its type. It includes the terms, so that a reorg cannot put a
    /// bounty with other terms under the id.
    struct ClaimMessage {
        uint256 bountyId;
        uint256 agentId;
        address wallet;
        uint256 round;
        uint256 reward;
        uint256 stake;
        uint256 workPeriod;
        address evaluator;
        uint256 deadline;
    }

    /// @dev Longer signatures are invalid, which bounds the cost of copying an item of a batch.
    uint256 internal constant MAX_SIGNATURE_LENGTH = 8192;

    bytes32 internal constant ABANDON_CLAIM =
        keccak256("AbandonClaim(uint256 bountyId,address wallet,uint256 round,uint256 revision,uint256 deadline)");
    bytes32 internal constant APPROVE_WORK =
        keccak256("ApproveWork(uint256 bountyId,address signer,uint256 round,uint256 revision,uint256 deadline)");
    bytes32 internal constant REJECT_WORK =
        keccak256("RejectWork(uint256 bountyId,address signer,uint256 round,uint256 revision,uint256 deadline)");
    bytes32 internal constant SUBMIT_WORK = keccak256(
        "SubmitWork(uint256 bountyId,address wallet,uint256 round,uint256 revision,string deliverableHash,uint256 deadline)"
    );
    bytes32 internal constant REQUEST_REVISION = keccak256(
        "RequestRevision(uint256 bountyId,address signer,uint256 round,uint256 revision,string feedbackHash,uint256 deadline)"
    );

    bytes32 private constant CLAIM = keccak256(
        "Claim(uint256 bountyId,uint256 agentId,address wallet,uint256 round,uint256 reward,uint256 stake,uint256 workPeriod,address evaluator,uint256 deadline)"
    );
    bytes32 private constant START_WORK =
        keccak256("StartWork(uint256 bountyId,address wallet,uint256 round,uint256 deadline)");
    bytes32 private constant NAME_CLAIMANT =
        keccak256("NameClaimant(uint256 bountyId,address poster,uint256 naming,address claimant,uint256 deadline)");
    bytes32 private constant CLOSE_BOUNTY = keccak256("CloseBounty(uint256 bountyId,address poster,uint256 deadline)");

    uint256 private constant MAX_VALIDITY = 1 hours;

    constructor() EIP712("BountyMarket", "1") {}

    function _requireClaimSignature(ClaimMessage memory message, bytes calldata signature) internal view {
        bytes32 structHash = keccak256(abi.encode(CLAIM, message));
        _requireShortLived(message.deadline);
        _requireSignature(message.bountyId, message.wallet, message.round, message.deadline, structHash, signature);
    }

    function _requireCloseSignature(
        uint256 bountyId,
        address poster,
        uint256 round,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        bytes32 structHash = keccak256(abi.encode(CLOSE_BOUNTY, bountyId, poster, deadline));
        _requireShortLived(deadline);
        _requireSignature(bountyId, poster, round, deadline, structHash, signature);
    }

    function _requireNamingSignature(
        uint256 bountyId,
        address poster,
        uint256 round,
        uint256 naming,
        address claimant,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        bytes32 structHash = keccak256(abi.encode(NAME_CLAIMANT, bountyId, poster, naming, claimant, deadline));
        _requireShortLived(deadline);
        _requireSignature(bountyId, poster, round, deadline, structHash, signature);
    }

    function _requireStartSignature(
        uint256 bountyId,
        address wallet,
        uint256 round,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        bytes32 structHash = keccak256(abi.encode(START_WORK, bountyId, wallet, round, deadline));
        _requireSignature(bountyId, wallet, round, deadline, structHash, signature);
    }

    /// @param action ABANDON_CLAIM, APPROVE_WORK or REJECT_WORK.
    function _requireActionSignature(
        bytes32 action,
        uint256 bountyId,
        address signer,
        uint256 round,
        uint256 revision,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        bytes32 structHash = keccak256(abi.encode(action, bountyId, signer, round, revision, deadline));
        _requireSignature(bountyId, signer, round, deadline, structHash, signature);
    }

    /// @param action SUBMIT_WORK or REQUEST_REVISION, whose messages contain a text.
    function _requireTextSignature(
        bytes32 action,
        uint256 bountyId,
        address signer,
        uint256 round,
        uint256 revision,
        string calldata text,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        bytes32 textHash = keccak256(bytes(text));
        bytes32 structHash = keccak256(abi.encode(action, bountyId, signer, round, revision, textHash, deadline));
        _requireSignature(bountyId, signer, round, deadline, structHash, signature);
    }

    /// @dev A deadline that has passed is the other function's to refuse, which is called next.
    function _requireShortLived(uint256 deadline) private view {
        uint256 latest = block.timestamp + MAX_VALIDITY;
        require(deadline <= latest, IBountyMarket.SignatureTooLong(deadline, latest));
    }

    /// @dev Reverts unless `signer` signed this, with a deadline that has not passed.
    function _requireSignature(
        uint256 bountyId,
        address signer,
        uint256 round,
        uint256 deadline,
        bytes32 structHash,
        bytes calldata signature
    ) private view {
        require(block.timestamp <= deadline, IBountyMarket.SignatureExpired(deadline, block.timestamp));
        require(
            signature.length <= MAX_SIGNATURE_LENGTH
                && WalletSignatures.isSignedBy(signer, _hashTypedDataV4(structHash), signature),
            IBountyMarket.InvalidSignature(bountyId, signer, round)
        );
    }
}
