// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title UnstakeSigner
/// @notice Hashes what a wallet or owner signs to withdraw stake, by the text of EIP-712 and the interface, not by the
/// contract.
abstract contract UnstakeSigner {
    /// @dev The message, in the order of its type.
    struct UnstakeMessage {
        uint256 agentId;
        address signer;
        uint256 amount;
        uint256 nonce;
        uint256 deadline;
    }

    function unstakeDigest(address staking, UnstakeMessage memory message) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("AgentStaking"),
                keccak256("1"),
                block.chainid,
                staking
            )
        );
        bytes32 typeHash =
            keccak256("Unstake(uint256 agentId,address signer,uint256 amount,uint256 nonce,uint256 deadline)");
        return keccak256(abi.encodePacked("\x19\x01", domain, keccak256(abi.encode(typeHash, message))));
    }
}
