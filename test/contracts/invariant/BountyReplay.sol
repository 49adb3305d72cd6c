// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {Vm} from "../support/Vm.sol";

/// @title BountyReplay
/// @notice Rebuilds every `getBounty` and `owed`, and `bountyCount`, from the market's logs alone, as an indexer does (I7).
abstract contract BountyReplay {
    error UnknownMarketEvent(bytes32 selector);

    /// @dev An event names another round or revision than that which the earlier events come to.
    error WrongCount(bytes32 selector, uint256 named, uint256 counted);

    error WrongReason(IBountyMarket.State state, IBountyMarket.Rejection reason);

    /// @dev The logs give the end of a review or work period, the bounty its begin.
    uint40 private constant REVIEW_PERIOD = 7 days;

    uint256 public replayedCount;

    /// @dev When the bounty's last claim was made, also once it is lost.
    mapping(uint256 bountyId => uint256) internal claimedAtOf;

    mapping(uint256 bountyId => IBountyMarket.Bounty) private _bounties;
    mapping(address payee => uint256) private _owed;

    /// @notice The first `count` bounties, from id 1.
    function replayedBounties(uint256 count) external view returns (IBountyMarket.Bounty[] memory bounties) {
        bounties = new IBountyMarket.Bounty[](count);
        for (uint256 i = 0; i < count; ++i) {
            bounties[i] = _bounties[i + 1];
        }
    }

    function replayedDebts(address[] calldata payees) external view returns (uint256[] memory debts) {
        debts = new uint256[](payees.length);
        for (uint256 i = 0; i < payees.length; ++i) {
            debts[i] = _owed[payees[i]];
        }
    }

    /// @param treasury Whom the market owes the fee of every approval by a party: a constant of its deployment.
    function _replayMarket(Vm.Log memory log, address treasury) internal {
        if (_replayDebt(log.topics, log.data)) return;
        IBountyMarket.Bounty storage bounty = _bounties[uint256(log.topics[1])];
        if (log.topics[0] == IBountyMarket.BountyApproved.selector) {
            (, uint256 fee, address by) = abi.decode(log.data, (uint256, uint256, address));
            if (by != address(0)) _owed[treasury] += fee;
        }
        if (_replayClaim(bounty, log.topics, log.data)) return;
        if (_replayWork(bounty, log.topics[0], log.data)) return;
        if (_replayMoney(bounty, log.topics, log.data)) return;
        if (log.topics[0] != IBountyMarket.ClaimRefused.selector) revert UnknownMarketEvent(log.topics[0]);
    }

    function _replayDebt(bytes32[] memory topics, bytes memory data) private returns (bool known) {
        if (topics[0] == IBountyMarket.PaymentDeferred.selector) {
            _owed[address(uint160(uint256(topics[2])))] += abi.decode(data, (uint256));
        } else if (topics[0] == IBountyMarket.PaymentCollected.selector) {
            _owed[address(uint160(uint256(topics[1])))] -= abi.decode(data, (uint256));
        } else {
            return false;
        }
        return true;
    }

    function _replayClaim(IBountyMarket.Bounty storage bounty, bytes32[] memory topics, bytes memory data)
        private
        returns (bool known)
    {
        if (topics[0] == IBountyMarket.BountyClaimed.selector) {
            (, uint32 round, uint40 submitBy) = abi.decode(data, (uint256, uint32, uint40));
            bounty.state = IBountyMarket.State.CLAIMED;
            bounty.agentId = abi.decode(bytes.concat(topics[2]), (uint40));
            bounty.wallet = address(uint160(uint256(topics[3])));
            (bounty.round, bounty.since) = (round, submitBy - bounty.workPeriod);
            claimedAtOf[uint256(topics[1])] = bounty.since;
        } else if (
            topics[0] == IBountyMarket.ClaimSlashed.selector || topics[0] == IBountyMarket.ClaimAbandoned.selector
        ) {
            (, uint256 round) = abi.decode(data, (uint256, uint256));
            _requireSame(topics[0], round, bounty.round);
            bounty.state = IBountyMarket.State.OPEN;
            (bounty.wallet, bounty.agentId, bounty.since, bounty.revisions) = (address(0), 0, 0, 0);
        } else {
            return false;
        }
        return true;
    }

    function _replayWork(IBountyMarket.Bounty storage bounty, bytes32 selector, bytes memory data)
        private
        returns (bool known)
    {
        if (selector == IBountyMarket.WorkStarted.selector) {
            bounty.state = IBountyMarket.State.IN_PROGRESS;
        } else if (selector == IBountyMarket.WorkSubmitted.selector) {
            (, uint40 reviewBy, uint256 round, uint256 revision) = abi.decode(data, (string, uint40, uint256, uint256));
            _requireSame(selector, round, bounty.round);
            _requireSame(selector, revision, bounty.revisions);
            bounty.state = IBountyMarket.State.SUBMITTED;
            bounty.since = reviewBy - REVIEW_PERIOD;
        } else if (selector == IBountyMarket.RevisionRequested.selector) {
            (, uint8 revision, uint40 submitBy) = abi.decode(data, (string, uint8, uint40));
            bounty.state = IBountyMarket.State.REVISION_REQUESTED;
            (bounty.revisions, bounty.since) = (revision, submitBy - bounty.workPeriod);
        } else {
            return false;
        }
        return true;
    }

    function _replayMoney(IBountyMarket.Bounty storage bounty, bytes32[] memory topics, bytes memory data)
        private
        returns (bool known)
    {
        if (topics[0] == IBountyMarket.BountyCreated.selector) {
            replayedCount += 1;
            bounty.poster = address(uint160(uint256(topics[2])));
            _replayTerms(bounty, data);
        } else if (topics[0] == IBountyMarket.BountyFunded.selector) {
            bounty.state = IBountyMarket.State.OPEN;
        } else if (topics[0] == IBountyMarket.BountyWithdrawn.selector) {
            (bounty.state, bounty.closing) = (IBountyMarket.State.DRAFT, false);
        } else if (topics[0] == IBountyMarket.BountyClosing.selector) {
            bounty.closing = true;
        } else if (topics[0] == IBountyMarket.ClaimantNamed.selector) {
            bounty.claimant = address(uint160(uint256(topics[3])));
            bounty.namings += 1;
            _requireSame(topics[0], abi.decode(data, (uint256)), bounty.namings);
        } else if (topics[0] == IBountyMarket.BountyApproved.selector) {
            (,,, uint256 round) = abi.decode(data, (uint256, uint256, address, uint256));
            _requireSame(topics[0], round, bounty.round);
            bounty.state = IBountyMarket.State.APPROVED;
        } else if (topics[0] == IBountyMarket.BountyRejected.selector) {
            (,, uint256 round, IBountyMarket.Rejection reason) =
                abi.decode(data, (uint256, uint256, uint256, IBountyMarket.Rejection));
            _requireSame(topics[0], round, bounty.round);
            bool reviewed = bounty.state == IBountyMarket.State.SUBMITTED;
            require(reviewed == (reason == IBountyMarket.Rejection.REJECTED), WrongReason(bounty.state, reason));
            bounty.state = IBountyMarket.State.REJECTED;
        } else {
            return false;
        }
        return true;
    }

    function _requireSame(bytes32 selector, uint256 named, uint256 counted) private pure {
        require(named == counted, WrongCount(selector, named, counted));
    }

    function _replayTerms(IBountyMarket.Bounty storage bounty, bytes memory data) private {
        bounty.state = IBountyMarket.State.DRAFT;
        (, bounty.reward,, bounty.stake,,,) =
            abi.decode(data, (string, uint56, uint256, uint56, uint32, uint32, address));
        (,,,, bounty.deadline, bounty.workPeriod, bounty.evaluator) =
            abi.decode(data, (string, uint56, uint256, uint56, uint32, uint32, address));
    }
}
