// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {Vm} from "../support/Vm.sol";

/// @title AccountReplay
/// @notice Rebuilds every `accountOf` from nothing but the staking contract's logs, as an indexer does (I7).
abstract contract AccountReplay {
    struct Account {
        uint256 staked;
        uint256 locked;
        uint64 stakedAt;
        uint256 completions;
        uint256 slashes;
        bool frozen;
        bool banned;
    }

    error UnknownStakingEvent(bytes32 selector);

    mapping(uint256 agentId => Account) private _accounts;

    function replayedAccounts(uint256[] calldata agentIds) external view returns (Account[] memory accounts) {
        accounts = new Account[](agentIds.length);
        for (uint256 i = 0; i < agentIds.length; ++i) {
            accounts[i] = _accounts[agentIds[i]];
        }
    }

    function _replayStaking(Vm.Log memory log) internal {
        Account storage account = _accounts[uint256(log.topics[1])];
        if (_replayMark(account, log.topics[0])) return;
        _replayBalance(account, log.topics[0], log.data);
    }

    function _replayMark(Account storage account, bytes32 selector) private returns (bool isMark) {
        if (selector == IAgentStaking.AgentFrozen.selector) account.frozen = true;
        else if (selector == IAgentStaking.AgentUnfrozen.selector) account.frozen = false;
        else if (selector == IAgentStaking.AgentBanned.selector) account.banned = true;
        else if (selector == IAgentStaking.AgentUnbanned.selector) account.banned = false;
        else return false;
        return true;
    }

    function _replayBalance(Account storage account, bytes32 selector, bytes memory data) private {
        if (selector == IAgentStaking.Staked.selector || selector == IAgentStaking.Unstaked.selector) {
            (, account.staked, account.stakedAt) = abi.decode(data, (uint256, uint256, uint64));
        } else if (selector == IAgentStaking.StakeLocked.selector || selector == IAgentStaking.StakeReleased.selector) {
            (, account.locked) = abi.decode(data, (uint256, uint256));
        } else if (selector == IAgentStaking.StakeForfeited.selector) {
            (, account.staked, account.locked, account.stakedAt) = abi.decode(data, (uint256, uint256, uint256, uint64));
        } else if (selector == IAgentStaking.Slashed.selector) {
            (, account.staked, account.locked, account.stakedAt, account.slashes) =
                abi.decode(data, (uint256, uint256, uint256, uint64, uint256));
        } else if (selector == IAgentStaking.RunCompleted.selector) {
            (, account.completions) = abi.decode(data, (uint256, uint256));
        } else if (
            selector != Ownable.OwnershipTransferred.selector
                && selector != Ownable2Step.OwnershipTransferStarted.selector
        ) {
            revert UnknownStakingEvent(selector);
        }
    }
}
