// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Derives any number of choices from one fuzzed random seed.
/// @dev Hashed, because the fuzzer repeats small and round numbers.
struct Dice {
    uint256 seed;
}

using {roll, between, rarely} for Dice global;

/// @return A number below `sides`.
function roll(Dice memory dice, uint256 sides) pure returns (uint256) {
    dice.seed = uint256(keccak256(abi.encode(dice.seed)));
    return dice.seed % sides;
}

/// @return A number from `min` to `max`, both included.
function between(Dice memory dice, uint256 min, uint256 max) pure returns (uint256) {
    return min + dice.roll(max - min + 1);
}

/// @return Whether this action is hostile: one time in sixteen.
function rarely(Dice memory dice) pure returns (bool) {
    return dice.roll(16) == 0;
}
