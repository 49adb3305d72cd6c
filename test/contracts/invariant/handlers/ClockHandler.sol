// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Dice} from "../Dice.sol";
import {Handler} from "./Handler.sol";

/// @notice Moves time a little, or to a second before a limit, onto it, or one beyond.
abstract contract ClockHandler is Handler {
    struct Limit {
        uint256 timestamp;
        string name;
    }

    string[3] private _sides = [" - 1 s", "", " + 1 s"];

    constructor() {
        for (uint256 side = 0; side < 3; ++side) {
            _mustHappen(_mark("deadline", side));
            _mustHappen(_mark("submitBy", side));
            _mustHappen(_mark("submitBy + grace", side));
            _mustHappen(_mark("reviewBy", side));
            _mustHappen(_mark("30 days staked", side));
        }
    }

    function passTime(uint256 seed) external {
        skip(Dice(seed).between(1, 6 hours));
    }

    /// @dev Mostly to the earliest limit, so that not everything else is late afterwards.
    function jumpToLimit(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 count = market.bountyCount();
        Limit memory limit = _limitOf(dice.roll(count + 1), _agent(dice));
        bool any = dice.roll(4) == 0;
        for (uint256 i = 0; i < count && !any; ++i) {
            Limit memory other = _limitOf(i + 1, _agent(dice));
            if (_isAhead(other) && (other.timestamp < limit.timestamp || !_isAhead(limit))) limit = other;
        }
        if (!_isAhead(limit)) return;
        uint256 side = dice.roll(3);
        vm.warp(limit.timestamp + side - 1);
        _count(_mark(limit.name, side));
    }

    /// @dev When time alone changes something about the bounty; after its end, when the agent may become ESTABLISHED.
    function _limitOf(uint256 bountyId, uint256 agentId) private view returns (Limit memory) {
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        if (bounty.state == IBountyMarket.State.DRAFT || bounty.state == IBountyMarket.State.OPEN) {
            return Limit(bounty.deadline, "deadline");
        }
        if (_awaitsWork(bounty)) {
            Limit memory limit = Limit(bounty.since + bounty.workPeriod, "submitBy");
            if (_isAhead(limit)) return limit;
            return Limit(limit.timestamp + market.GRACE_PERIOD(), "submitBy + grace");
        }
        if (_isSubmitted(bounty)) return Limit(bounty.since + market.REVIEW_PERIOD(), "reviewBy");
        (,, uint64 stakedAt,,,,) = staking.accountOf(agentId);
        return Limit(stakedAt + staking.ESTABLISHED_AFTER(), "30 days staked");
    }

    /// @dev Far enough ahead for the second before it to be ahead too.
    function _isAhead(Limit memory limit) private view returns (bool) {
        return limit.timestamp > block.timestamp;
    }

    function _mark(string memory name, uint256 side) private view returns (bytes32) {
        return bytes32(bytes(string.concat(name, _sides[side])));
    }
}
