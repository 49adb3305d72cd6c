// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {selectorOf} from "../support/selectorOf.sol";

/// @title Tally
/// @notice Counts what a run did, so that the campaign can show that it was not vacuous. `tallyReport.ts` reads it.
abstract contract Tally {
    struct Count {
        bytes32 key;
        uint256 times;
    }

    bytes32[] private _keys;
    mapping(bytes32 key => uint256 times) private _times;
    mapping(bytes32 key => bool) private _known;

    function counts() external view returns (Count[] memory all) {
        all = new Count[](_keys.length);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = Count(_keys[i], _times[_keys[i]]);
        }
    }

    /// @dev Declares an event that a campaign must have seen at least once.
    function _mustHappen(bytes32 key) internal {
        if (_known[key]) return;
        _known[key] = true;
        _keys.push(key);
    }

    /// @param key Up to 32 characters.
    function _count(bytes32 key) internal {
        _mustHappen(key);
        _times[key] += 1;
    }

    /// @param outcome The selector of the error, or zero where the call succeeded.
    function _countCall(bytes4 call, bytes4 outcome) internal {
        _count(bytes32(abi.encodePacked("C", call, outcome)));
    }

    function _countEvent(bytes32 selector) internal {
        _count(bytes32(abi.encodePacked("E", selectorOf(bytes.concat(selector)))));
    }
}
