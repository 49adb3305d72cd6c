// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cast} from "./Cast.sol";
import {HostileRegistry} from "./HostileRegistry.sol";

/// @title Weather
/// @notice Faults from outside the market. Each ends after a few actions, so that most actions stay possible.
abstract contract Weather is Cast {
    bytes private _registryCode = address(registry).code;
    address[] private _blacklisted;
    uint256 private _actionsLeft;

    /// @dev Blacklisting, a pause and a faulty registry may coincide.
    function _lasts(uint256 actions) internal {
        _actionsLeft = actions;
    }

    function _weatherPasses() internal {
        if (_actionsLeft == 0) return;
        _actionsLeft -= 1;
        if (_actionsLeft == 0) _calm();
    }

    function _blacklist(address account) internal {
        usdc.blacklist(account);
        _blacklisted.push(account);
    }

    function _upgradeRegistry(HostileRegistry.Mood mood) internal {
        vm.etch(address(registry), address(new HostileRegistry(mood, stranger)).code);
    }

    function _calm() private {
        while (_blacklisted.length > 0) {
            usdc.unBlacklist(_blacklisted[_blacklisted.length - 1]);
            _blacklisted.pop();
        }
        usdc.unpause();
        vm.etch(address(registry), _registryCode);
    }
}
