// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingTest} from "./AgentStakingTest.sol";
import {Vm} from "./Vm.sol";

/// @title AgentStakingReplay
/// @notice Rebuilds accounts from the logs of the staking contract alone, as an indexer does.
abstract contract AgentStakingReplay is AgentStakingTest {
    mapping(uint256 agentId => Account) internal replayed;
    mapping(uint256 agentId => uint256) internal replayedNonces;
    uint256 internal replayedUnburned;

    function _replayRecorded() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(staking)) _replay(logs[i].topics, logs[i].data);
        }
    }

    function _replay(bytes32[] memory topics, bytes memory data) private {
        if (topics[0] == IAgentStaking.BurnDeferred.selector) {
            replayedUnburned = abi.decode(data, (uint256));
            return;
        }
        Account storage account = replayed[uint256(topics[1])];
        bytes32 selector = topics[0];
        if (selector == IAgentStaking.Staked.selector) {
            (, account.staked, account.stakedAt) = abi.decode(data, (uint256, uint256, uint64));
        } else if (selector == IAgentStaking.Unstaked.selector) {
            (, account.staked, account.stakedAt, replayedNonces[uint256(topics[1])]) =
                abi.decode(data, (uint256, uint256, uint64, uint256));
        } else if (selector == IAgentStaking.StakeLocked.selector || selector == IAgentStaking.StakeReleased.selector) {
            (, account.locked) = abi.decode(data, (uint256, uint256));
        } else if (selector == IAgentStaking.StakeForfeited.selector) {
            (, account.staked, account.locked, account.stakedAt) = abi.decode(data, (uint256, uint256, uint256, uint64));
        } else if (selector == IAgentStaking.Slashed.selector) {
            (, account.staked, account.locked, account.stakedAt, account.slashes) =
                abi.decode(data, (uint256, uint256, uint256, uint64, uint256));
        } else if (selector == IAgentStaking.RunCompleted.selector) {
            (, account.completions) = abi.decode(data, (uint256, uint256));
        } else if (selector == IAgentStaking.AgentFrozen.selector) {
            assertFalse(account.frozen, "frozen twice");
            account.frozen = true;
        } else if (selector == IAgentStaking.AgentUnfrozen.selector) {
            assertTrue(account.frozen, "unfrozen twice");
            account.frozen = false;
        } else if (selector == IAgentStaking.AgentBanned.selector) {
            assertFalse(account.banned, "banned twice");
            account.banned = true;
            assertEq(abi.decode(data, (uint256)), account.slashes, "slashes at the ban");
        } else if (selector == IAgentStaking.AgentUnbanned.selector) {
            assertTrue(account.banned, "unbanned twice");
            account.banned = false;
        } else {
            revert("an event that no replay knows");
        }
    }
}
