// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title HostileRegistry
/// @notice A registry that its owner upgraded to harm the market. All its data is in its code, so that the code alone
/// can replace another's.
contract HostileRegistry {
    enum Mood {
        REVERTS,
        BURNS_GAS,
        LIES,
        ANSWERS_GARBAGE,
        ANSWERS_NOTHING,
        ANSWERS_A_BOMB
    }

    error RegistryIsHostile();

    uint256 private constant BOMB_SIZE = 100_000;

    Mood private immutable MOOD;
    address private immutable LIAR;

    /// @param liar The owner and wallet that it names for every agent when it lies.
    constructor(Mood mood, address liar) {
        MOOD = mood;
        LIAR = liar;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        if (MOOD == Mood.REVERTS) revert RegistryIsHostile();
        if (MOOD == Mood.LIES) return abi.encode(LIAR);
        if (MOOD == Mood.ANSWERS_GARBAGE) return abi.encode(type(uint256).max);
        if (MOOD == Mood.ANSWERS_A_BOMB) return new bytes(BOMB_SIZE);
        if (MOOD == Mood.BURNS_GAS) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        return "";
    }
}
