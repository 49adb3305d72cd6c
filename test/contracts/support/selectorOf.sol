// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @return The first four bytes of a call's data or of an error, padded with zeros where there are fewer.
function selectorOf(bytes memory data) pure returns (bytes4) {
    // Casting is safe because calls and errors begin with their selector.
    // forge-lint: disable-next-line(unsafe-typecast)
    return bytes4(data);
}
