// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ClaimSigner} from "./ClaimSigner.sol";

/// @title ActionSigner
/// @notice Hashes what a party signs about a live claim or to close a bounty, by the text of EIP-712 and the market's
/// interface, not by the contract.
abstract contract ActionSigner is ClaimSigner {
    struct NameMessage {
        uint256 bountyId;
        address poster;
        uint256 naming;
        address claimant;
        uint256 deadline;
    }

    struct ActionMessage {
        uint256 bountyId;
        address signer;
        uint256 round;
        uint256 revision;
        uint256 deadline;
    }

    function abandonDigest(address market, ActionMessage memory message) internal view returns (bytes32) {
        return _actionDigest(
            market,
            "AbandonClaim(uint256 bountyId,address wallet,uint256 round,uint256 revision,uint256 deadline)",
            message
        );
    }

    function approveDigest(address market, ActionMessage memory message) internal view returns (bytes32) {
        return _actionDigest(
            market,
            "ApproveWork(uint256 bountyId,address signer,uint256 round,uint256 revision,uint256 deadline)",
            message
        );
    }

    function rejectDigest(address market, ActionMessage memory message) internal view returns (bytes32) {
        return _actionDigest(
            market,
            "RejectWork(uint256 bountyId,address signer,uint256 round,uint256 revision,uint256 deadline)",
            message
        );
    }

    function reviseDigest(address market, ActionMessage memory message, string memory feedback)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256(
            "RequestRevision(uint256 bountyId,address signer,uint256 round,uint256 revision,string feedbackHash,uint256 deadline)"
        );
        bytes32 structHash = keccak256(
            abi.encode(
                typeHash,
                message.bountyId,
                message.signer,
                message.round,
                message.revision,
                keccak256(bytes(feedback)),
                message.deadline
            )
        );
        return _digest(market, block.chainid, structHash);
    }

    function closeDigest(address market, uint256 bountyId, address poster, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256("CloseBounty(uint256 bountyId,address poster,uint256 deadline)");
        return _digest(market, block.chainid, keccak256(abi.encode(typeHash, bountyId, poster, deadline)));
    }

    function nameDigest(address market, NameMessage memory message) internal view returns (bytes32) {
        bytes32 typeHash =
            keccak256("NameClaimant(uint256 bountyId,address poster,uint256 naming,address claimant,uint256 deadline)");
        return _digest(market, block.chainid, keccak256(abi.encode(typeHash, message)));
    }

    function _actionDigest(address market, string memory typeText, ActionMessage memory message)
        private
        view
        returns (bytes32)
    {
        return _digest(market, block.chainid, keccak256(abi.encode(keccak256(bytes(typeText)), message)));
    }
}
