// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Returns the given bytes from `getAgentWallet` and `ownerOf` for every id, or reverts with them.
contract ScriptedRegistry {
    struct Answer {
        bytes data;
        bool reverts;
    }

    mapping(bytes4 selector => Answer) private _answers;

    function script(bytes4 selector, bytes calldata data, bool reverts) external {
        _answers[selector] = Answer(data, reverts);
    }

    fallback(bytes calldata) external returns (bytes memory) {
        Answer memory answer = _answers[msg.sig];
        bytes memory data = answer.data;
        if (answer.reverts) {
            // Unchanged: a revert of Solidity's would put a selector before them.
            assembly ("memory-safe") {
                revert(add(data, 0x20), mload(data))
            }
        }
        return data;
    }
}

/// @notice Uses all gas it is given.
contract BurningRegistry {
    fallback() external {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @notice Answers `getAgentWallet` only with more gas than `MINIMUM`, as an upgraded registry may require.
contract HungryRegistry {
    uint256 public constant MINIMUM = 100_000;
    address private immutable WALLET;
    address private immutable OWNER;

    constructor(address wallet, address owner) {
        (WALLET, OWNER) = (wallet, owner);
    }

    function getAgentWallet(uint256) external view returns (address) {
        require(gasleft() >= MINIMUM, "out of gas");
        return WALLET;
    }

    function ownerOf(uint256) external view returns (address) {
        return OWNER;
    }
}
