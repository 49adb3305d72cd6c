// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title WalletSignatures
/// @notice Checks the signature of any kind of wallet: a key, a contract (ERC-1271), or a key whose account delegates
/// to code (EIP-7702). An empty signature is invalid, whatever an ERC-1271 wallet answers: no account has signed it.
library WalletSignatures {
    /// @dev ECDSA comes first, unlike in OpenZeppelin's `isValidSignatureNow`, which uses ERC-1271 for any account with
    /// code: an EIP-7702 account has code that may not support ERC-1271, and still has its key.
    function isSignedBy(address wallet, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signature.length == 0) return false;
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && signer == wallet) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(wallet, digest, signature);
    }
}
