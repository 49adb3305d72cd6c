// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Breaches
/// @notice Breaches of invariants that actions have seen. The invariant of that number reads them and fails, so that
/// the report names the invariant instead of the action.
abstract contract Breaches {
    /// @notice The first breach of each invariant, empty while it holds.
    mapping(uint256 invariantNumber => string) public breach;

    function _assertInvariant(uint256 invariantNumber, bool condition, string memory what) internal {
        if (condition || bytes(breach[invariantNumber]).length > 0) return;
        breach[invariantNumber] = what;
    }
}
