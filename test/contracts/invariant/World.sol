// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Vm} from "../support/Vm.sol";
import {AccountReplay} from "./AccountReplay.sol";
import {BountyReplay} from "./BountyReplay.sol";
import {Bulk} from "./Bulk.sol";
import {CommittedLogs} from "./CommittedLogs.sol";
import {Flows} from "./Flows.sol";
import {Transitions} from "./Transitions.sol";
import {Weather} from "./Weather.sol";
import {selectorOf} from "../support/selectorOf.sol";

/// @title World
/// @notice The only path by which actions call the contracts, where each call is recorded and checked.
abstract contract World is Weather, Transitions, Flows, BountyReplay, AccountReplay {
    using CommittedLogs for Vm.Log[];

    /// @dev Bounded like a transaction's gas: a registry that burns all its gas must not end the campaign.
    uint256 internal constant TX_GAS = 5_000_000;

    Bulk internal bulk = new Bulk();

    function _act(address caller, address target, bytes memory data) internal returns (bool ok, bytes memory answer) {
        (ok, answer,) = _actWithin(TX_GAS, caller, target, data);
    }

    /// @dev A call that reverts is an action too: nothing here requires success.
    function _actWithin(uint256 gas, address caller, address target, bytes memory data)
        internal
        returns (bool ok, bytes memory answer, Vm.Log[] memory logs)
    {
        vm.recordLogs();
        vm.prank(caller);
        (ok, answer) = target.call{gas: gas}(data);
        logs = vm.getRecordedLogs().committed(ok, data, answer);
        _watch(selectorOf(data), logs, _outcome(ok, answer));
    }

    /// @dev Several calls of one market function in one transaction. All of them succeed, or none.
    function _actTogether(bytes[] memory calls) internal returns (bool ok) {
        bytes4 call = selectorOf(calls[0]);
        bytes memory answer;
        vm.recordLogs();
        (ok, answer) =
            address(bulk).call{gas: calls.length * TX_GAS}(abi.encodeCall(bulk.act, (address(market), calls)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        _watch(call, ok ? logs : new Vm.Log[](0), _outcome(ok, answer));
    }

    function _watch(bytes4 call, Vm.Log[] memory logs, bytes4 outcome) private {
        _read(logs);
        _traceFlows(logs, address(usdc), address(market), address(staking), treasury);
        _observe(call, market);
        _countCall(call, outcome);
        _weatherPasses();
    }

    /// @notice Every account that may gain or lose by a bounty.
    function parties() external view returns (address[] memory accounts) {
        address[] memory payees = allPeople();
        accounts = new address[](payees.length + 3);
        accounts[0] = address(market);
        accounts[1] = address(staking);
        accounts[2] = address(funding);
        for (uint256 i = 0; i < payees.length; ++i) {
            accounts[i + 3] = payees[i];
        }
    }

    function _read(Vm.Log[] memory logs) private {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(market)) _replayMarket(logs[i], treasury);
            else if (logs[i].emitter == address(staking)) _replayStaking(logs[i], _claimedAtOf(logs[i].topics));
            else continue;
            _countEvent(logs[i].topics[0]);
        }
    }

    /// @dev The staking contract names the bounty after the agent.
    function _claimedAtOf(bytes32[] memory topics) private view returns (uint256) {
        return topics.length < 3 ? 0 : claimedAtOf[uint256(topics[2])];
    }

    /// @dev An error without data, such as running out of gas, has no selector; success is zero.
    function _outcome(bool ok, bytes memory answer) private pure returns (bytes4) {
        if (ok) return 0;
        return answer.length < 4 ? bytes4(0xffffffff) : selectorOf(answer);
    }
}
