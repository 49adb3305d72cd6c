// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockUSDC} from "../../../contracts/mocks/MockUSDC.sol";

/// @title AuthorizationSigner
/// @notice Hashes USDC's `ReceiveWithAuthorization` by the text of EIP-3009. The domain is Circle's: the token's name,
/// version 2.
abstract contract AuthorizationSigner {
    struct Authorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    function authorizationDigest(MockUSDC usdc, Authorization memory authorization) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(usdc.name())),
                keccak256("2"),
                block.chainid,
                usdc
            )
        );
        bytes32 typeHash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, keccak256(abi.encode(typeHash, authorization))));
    }
}
