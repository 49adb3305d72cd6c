// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice A contract wallet like Safe: one key signs for it, through ERC-1271.
contract KeyedWallet is IERC1271 {
    address private immutable KEY;

    constructor(address key) {
        KEY = key;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address recovered,,) = ECDSA.tryRecoverCalldata(digest, signature);
        return recovered == KEY ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @notice Returns the given bytes from `isValidSignature`, or reverts with them.
contract ScriptedWallet {
    bytes private _answer;
    bool private _reverts;

    constructor(bytes memory answer, bool reverts) {
        _answer = answer;
        _reverts = reverts;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        require(!_reverts, string(_answer));
        return _answer;
    }
}

/// @notice Code without ERC-1271, for an account to delegate to.
contract PlainCode {
    receive() external payable {}
}

/// @notice Uses all gas it is given.
contract BurningWallet {
    fallback() external {
        assembly ("memory-safe") {
            invalid()
        }
    }
}
