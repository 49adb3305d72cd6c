// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {Vm} from "../support/Vm.sol";
import {Breaches} from "./Breaches.sol";

/// @title AccountReplay
/// @notice Rebuilds every `accountOf`, `statusOf` and `nonceOf`, `unburned`, `owner` and `pendingOwner` from the staking
/// contract's logs (I7), by adding up the amounts in the events.
abstract contract AccountReplay is Breaches {
    uint256 private constant MIN_STAKE = 20e6;

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

    uint256 public replayedUnburned;
    /// @dev The deployment names the first.
    address public replayedOwner;
    address public replayedPendingOwner;

    mapping(uint256 agentId => Account) private _accounts;
    mapping(uint256 agentId => uint256) private _nonces;

    function replayedAccounts(uint256[] calldata agentIds) external view returns (Account[] memory accounts) {
        accounts = new Account[](agentIds.length);
        for (uint256 i = 0; i < agentIds.length; ++i) {
            accounts[i] = _accounts[agentIds[i]];
        }
    }

    /// @notice The rung of each agent at this second.
    function replayedStatuses(uint256[] calldata agentIds)
        external
        view
        returns (IAgentStaking.Status[] memory statuses)
    {
        statuses = new IAgentStaking.Status[](agentIds.length);
        for (uint256 i = 0; i < agentIds.length; ++i) {
            statuses[i] = _statusBy(_accounts[agentIds[i]]);
        }
    }

    function replayedNonces(uint256[] calldata agentIds) external view returns (uint256[] memory nonces) {
        nonces = new uint256[](agentIds.length);
        for (uint256 i = 0; i < agentIds.length; ++i) {
            nonces[i] = _nonces[agentIds[i]];
        }
    }

    /// @param claimedAt When the claim was made that the event is about, by the market's logs.
    function _replayStaking(Vm.Log memory log, uint256 claimedAt) internal {
        if (log.topics[0] == IAgentStaking.BurnDeferred.selector) {
            replayedUnburned = abi.decode(log.data, (uint256));
            return;
        }
        if (_replayOwner(log.topics)) return;
        uint256 agentId = uint256(log.topics[1]);
        Account storage account = _accounts[agentId];
        if (log.topics[0] == IAgentStaking.Unstaked.selector) {
            (,,, _nonces[agentId]) = abi.decode(log.data, (uint256, uint256, uint64, uint256));
        }
        if (_replayMark(account, log.topics[0])) return;
        _replayBalance(account, log.topics[0], log.data, claimedAt);
    }

    function _replayOwner(bytes32[] memory topics) private returns (bool known) {
        if (topics[0] == Ownable2Step.OwnershipTransferStarted.selector) {
            replayedPendingOwner = address(uint160(uint256(topics[2])));
        } else if (topics[0] == Ownable.OwnershipTransferred.selector) {
            (replayedOwner, replayedPendingOwner) = (address(uint160(uint256(topics[2]))), address(0));
        } else {
            return false;
        }
        return true;
    }

    function _replayMark(Account storage account, bytes32 selector) private returns (bool isMark) {
        if (selector == IAgentStaking.AgentFrozen.selector) account.frozen = true;
        else if (selector == IAgentStaking.AgentUnfrozen.selector) account.frozen = false;
        else if (selector == IAgentStaking.AgentBanned.selector) account.banned = true;
        else if (selector == IAgentStaking.AgentUnbanned.selector) account.banned = false;
        else return false;
        return true;
    }

    /// @dev Rebuilt from each event's amounts, by the market's rules; the totals in the events are compared separately.
    /// Copying those totals would prove nothing about what the contract counted.
    function _replayBalance(Account storage account, bytes32 selector, bytes memory data, uint256 claimedAt) private {
        if (selector == IAgentStaking.Staked.selector) {
            (uint256 amount, uint256 staked, uint64 stakedAt) = abi.decode(data, (uint256, uint256, uint64));
            account.staked += amount;
            if (account.staked >= MIN_STAKE && account.stakedAt == 0) account.stakedAt = uint64(block.timestamp);
            _assertInvariant(7, staked == account.staked && stakedAt == account.stakedAt, "totals of Staked");
        } else if (selector == IAgentStaking.Unstaked.selector) {
            (uint256 amount, uint256 staked, uint64 stakedAt) = abi.decode(data, (uint256, uint256, uint64));
            account.staked -= amount;
            _stopClockBelowMinimum(account);
            _assertInvariant(7, staked == account.staked && stakedAt == account.stakedAt, "totals of Unstaked");
        } else if (selector == IAgentStaking.StakeLocked.selector || selector == IAgentStaking.StakeReleased.selector) {
            (uint256 amount, uint256 locked) = abi.decode(data, (uint256, uint256));
            if (selector == IAgentStaking.StakeLocked.selector) account.locked += amount;
            else account.locked -= amount;
            _assertInvariant(7, locked == account.locked, "totals of StakeLocked or StakeReleased");
        } else if (selector == IAgentStaking.StakeForfeited.selector) {
            (uint256 amount, uint256 staked, uint256 locked, uint64 stakedAt) =
                abi.decode(data, (uint256, uint256, uint256, uint64));
            _lose(account, amount);
            _assertInvariant(7, staked == account.staked && locked == account.locked, "totals of StakeForfeited");
            _assertInvariant(7, stakedAt == account.stakedAt, "stakedAt of StakeForfeited");
        } else if (selector == IAgentStaking.Slashed.selector) {
            (uint256 amount, uint256 staked, uint256 locked, uint64 stakedAt, uint256 slashes) =
                abi.decode(data, (uint256, uint256, uint256, uint64, uint256));
            if (!account.frozen && claimedAt >= account.stakedAt) account.slashes += 1;
            _lose(account, amount);
            account.stakedAt = 0;
            _assertInvariant(7, staked == account.staked && locked == account.locked, "totals of Slashed");
            _assertInvariant(7, stakedAt == 0 && slashes == account.slashes, "slashes");
        } else if (selector == IAgentStaking.RunCompleted.selector) {
            (, uint256 completions) = abi.decode(data, (uint256, uint256));
            account.completions += 1;
            _assertInvariant(7, completions == account.completions, "completions");
        } else {
            revert UnknownStakingEvent(selector);
        }
    }

    function _lose(Account storage account, uint256 amount) private {
        account.staked -= amount;
        account.locked -= amount;
        _stopClockBelowMinimum(account);
    }

    function _statusBy(Account storage account) private view returns (IAgentStaking.Status) {
        if (account.banned) return IAgentStaking.Status.BANNED;
        if (account.frozen) return IAgentStaking.Status.FROZEN;
        if (account.stakedAt == 0) return IAgentStaking.Status.UNVERIFIED;
        bool isEstablished = account.completions > 4 && block.timestamp - account.stakedAt >= 30 days;
        return isEstablished ? IAgentStaking.Status.ESTABLISHED : IAgentStaking.Status.PROVISIONAL;
    }

    function _stopClockBelowMinimum(Account storage account) private {
        if (account.staked < MIN_STAKE) account.stakedAt = 0;
    }
}
