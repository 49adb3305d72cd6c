// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IReceiveWithAuthorization
/// @notice The call of EIP-3009 with which a payee takes a signed payment, in the form that Circle's USDC added in
/// version 2.2: the signature is bytes, so that a contract can be the payer (ERC-1271).
interface IReceiveWithAuthorization {
    /// @notice Moves `value` from `from` to `to`, the caller.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
