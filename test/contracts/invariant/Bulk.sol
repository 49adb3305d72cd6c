// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Bulk
/// @notice A stranger's contract that makes many calls in one transaction.
contract Bulk {
    function act(address target, bytes[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool success, bytes memory answer) = target.call(calls[i]);
            if (success) continue;
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
    }
}
