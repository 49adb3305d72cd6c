// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Registries to put in the place of a good one, as its owner could by an upgrade. Each answers every call alike.

/// @notice Reverts with a text.
contract RevertingRegistry {
    fallback() external {
        revert("registry is broken");
    }
}

/// @notice Returns `SIZE` bytes that begin with `WORD`: too few, too many, or no address.
contract AnsweringRegistry {
    bytes32 private immutable WORD;
    uint256 private immutable SIZE;

    constructor(bytes32 word, uint256 size) {
        (WORD, SIZE) = (word, size);
    }

    fallback() external {
        (bytes32 word, uint256 size) = (WORD, SIZE);
        assembly {
            mstore(0, word)
            return(0, size)
        }
    }
}

/// @notice Makes a call of its own whenever it is called. Returns itself if that call failed, else the zero address.
contract ReenteringRegistry {
    address private immutable TARGET;
    bytes4 private immutable SELECTOR;
    uint256 private immutable FIRST;
    uint256 private immutable SECOND;

    constructor(address target, bytes4 selector, uint256 first, uint256 second) {
        (TARGET, SELECTOR, FIRST, SECOND) = (target, selector, first, second);
    }

    fallback(bytes calldata) external returns (bytes memory) {
        // A write in a staticcall uses up the gas it was given: keep enough to answer.
        (bool success,) = TARGET.call{gas: 300_000}(abi.encodeWithSelector(SELECTOR, FIRST, SECOND));
        return abi.encode(success ? address(0) : address(this));
    }
}
