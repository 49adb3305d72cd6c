// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";

/// @title UsdcProxy
/// @notice Costs a caller what the proxy of Circle's USDC costs: it reads the admin and the implementation from storage,
/// and delegates.
/// @dev Benchmarks put its code and its two slots at the token's address, so it has no constructor.
contract UsdcProxy is Proxy {
    /// @dev The slots of ZeppelinOS, which Circle's proxy uses.
    bytes32 public constant ADMIN_SLOT = keccak256("org.zeppelinos.proxy.admin");
    bytes32 public constant IMPLEMENTATION_SLOT = keccak256("org.zeppelinos.proxy.implementation");

    /// @dev Circle's proxy refuses calls of its admin.
    function _fallback() internal override {
        require(msg.sender != _read(ADMIN_SLOT));
        super._fallback();
    }

    function _implementation() internal view override returns (address) {
        return _read(IMPLEMENTATION_SLOT);
    }

    function _read(bytes32 slot) private view returns (address value) {
        assembly {
            value := sload(slot)
        }
    }
}
