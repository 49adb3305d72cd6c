// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ClaimSigner
/// @notice Hashes the messages as a wallet would, by the text of EIP-712 and the market's interface, not by the
/// contract.
abstract contract ClaimSigner {
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

    struct SubmitMessage {
        uint256 bountyId;
        address wallet;
        uint256 round;
        uint256 revision;
        string deliverableHash;
        uint256 deadline;
    }

    function claimDigest(address market, ClaimMessage memory message) internal view returns (bytes32) {
        return claimDigest(market, block.chainid, message);
    }

    function claimDigest(address market, uint256 chainId, ClaimMessage memory message) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "Claim(uint256 bountyId,uint256 agentId,address wallet,uint256 round,uint256 reward,uint256 stake,uint256 workPeriod,address evaluator,uint256 deadline)"
        );
        return _digest(market, chainId, keccak256(abi.encode(typeHash, message)));
    }

    function startDigest(address market, uint256 bountyId, address wallet, uint256 round, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256("StartWork(uint256 bountyId,address wallet,uint256 round,uint256 deadline)");
        return _digest(market, block.chainid, keccak256(abi.encode(typeHash, bountyId, wallet, round, deadline)));
    }

    function submitDigest(address market, SubmitMessage memory message) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "SubmitWork(uint256 bountyId,address wallet,uint256 round,uint256 revision,string deliverableHash,uint256 deadline)"
        );
        bytes32 structHash = keccak256(
            abi.encode(
                typeHash,
                message.bountyId,
                message.wallet,
                message.round,
                message.revision,
                keccak256(bytes(message.deliverableHash)),
                message.deadline
            )
        );
        return _digest(market, block.chainid, structHash);
    }

    function _digest(address market, uint256 chainId, bytes32 structHash) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("BountyMarket"),
                keccak256("1"),
                chainId,
                market
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, structHash));
    }
}
