// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ClaimSigner
/// @notice Hashes a claim as a wallet would, from the text of EIP-712 and the market's interface, not from the contract.
abstract contract ClaimSigner {
    struct ClaimMessage {
        uint256 bountyId;
        uint256 agentId;
        address wallet;
        uint256 round;
        uint256 deadline;
    }

    function claimDigest(address market, ClaimMessage memory message) internal view returns (bytes32) {
        return claimDigest(market, block.chainid, message);
    }

    function claimDigest(address market, uint256 chainId, ClaimMessage memory message) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("BountyMarket"),
                keccak256("1"),
                chainId,
                market
            )
        );
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("Claim(uint256 bountyId,uint256 agentId,address wallet,uint256 round,uint256 deadline)"),
                message.bountyId,
                message.agentId,
                message.wallet,
                message.round,
                message.deadline
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, hash));
    }
}
