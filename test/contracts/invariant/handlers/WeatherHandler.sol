// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dice} from "../Dice.sol";
import {HostileRegistry} from "../HostileRegistry.sol";
import {Handler} from "./Handler.sol";

/// @notice Faults from outside the market: blacklisting, a pause, a hostile registry, unexpected transfers of USDC.
abstract contract WeatherHandler is Handler {
    /// @notice USDC that reached an account other than by its own calls, in base units.
    mapping(address account => uint256) public donated;

    constructor() {
        for (uint256 mood = 0; mood <= uint256(type(HostileRegistry.Mood).max); ++mood) {
            _mustHappen(_mark(HostileRegistry.Mood(mood)));
        }
        _mustHappen("anyone blacklisted");
        _mustHappen("treasury blacklisted");
        _mustHappen("a contract blacklisted");
        _mustHappen("USDC paused");
    }

    function storm(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _lasts(dice.between(1, 12));
        uint256 side = dice.roll(8);
        if (side == 0) _pause();
        else if (side < 4) _upgradeRegistry(dice);
        else if (side < 6) _blacklistTreasury(dice);
        else if (side == 6) _blacklistContract(dice);
        else _blacklistAnyone(dice);
    }

    function donate(uint256 seed) external {
        Dice memory dice = Dice(seed);
        address to = dice.roll(2) == 0 ? address(market) : address(staking);
        uint256 amount = dice.between(1, 1000e6);
        (bool ok,) = _act(_anyone(dice), address(usdc), abi.encodeCall(usdc.transfer, (to, amount)));
        if (ok) donated[to] += amount;
    }

    function _pause() private {
        usdc.pause();
        _count("USDC paused");
    }

    function _upgradeRegistry(Dice memory dice) private {
        HostileRegistry.Mood mood = HostileRegistry.Mood(dice.roll(uint256(type(HostileRegistry.Mood).max) + 1));
        _upgradeRegistry(mood);
        _count(_mark(mood));
    }

    function _blacklistTreasury(Dice memory dice) private {
        if (dice.roll(2) == 0) _blacklist(BURN);
        _blacklist(treasury);
        _count("treasury blacklisted");
    }

    /// @dev Then USDC refuses every payment from the account, or to it.
    function _blacklistContract(Dice memory dice) private {
        _blacklist(dice.roll(2) == 0 ? address(market) : address(staking));
        _count("a contract blacklisted");
    }

    function _blacklistAnyone(Dice memory dice) private {
        uint256 many = dice.between(1, 8);
        for (uint256 i = 0; i < many; ++i) {
            _blacklist(_anyone(dice));
        }
        _count("anyone blacklisted");
    }

    function _mark(HostileRegistry.Mood mood) private pure returns (bytes32) {
        string[6] memory names =
            ["reverts", "burns gas", "lies", "answers garbage", "answers nothing", "answers a bomb"];
        return bytes32(bytes(string.concat("registry ", names[uint256(mood)])));
    }
}
