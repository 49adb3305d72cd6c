// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {CallingUSDC, ITransferListener} from "../support/CallingUSDC.sol";
import {CampaignTest} from "./CampaignTest.sol";
import {Dice} from "./Dice.sol";

/// @notice The poster alone ends every run, whatever all others do (I10). After every action of the campaign the poster
/// of each funded run tries to end it, by approvals or without any, and attackers act before and after each of its
/// calls: the claiming wallet, two agents that claim in turn, the evaluator and a stranger. An attacker's calls that
/// follow each other without a call of the poster are what a contract can do in one transaction. For one run in two they
/// also act inside the poster's calls, whenever USDC moves, as they could if USDC called the accounts that it pays.
contract PosterEndsTest is CampaignTest, ITransferListener {
    uint256 private constant REVIEW_PERIOD = 7 days;
    uint256 private constant MAX_CALLS = 60;
    uint256 private constant DEEP_POCKET = 1e16;

    bytes private _registryCode;
    address[2] private _attackers = [makeAddr("attacker"), makeAddr("other attacker")];
    uint256[2] private _agents;

    CallingUSDC private _calling;
    uint256 private _attackedId;
    uint256 private _paymentsSeen;
    bool private _attacking;
    bool private _holds;

    function setUp() public override {
        super.setUp();
        _registryCode = address(campaign.registry()).code;
        _calling = new CallingUSDC();
    }

    /// @dev Their agents exist while a run is checked only: the campaign takes the next free id for one of no agent.
    function _enterAttackers() private {
        for (uint256 i = 0; i < _attackers.length; ++i) {
            _agents[i] = campaign.registry().registerFor(_attackers[i], "");
            usdc.mint(_attackers[i], DEEP_POCKET);
            vm.startPrank(_attackers[i]);
            usdc.approve(address(staking), DEEP_POCKET);
            staking.stake(_agents[i], DEEP_POCKET);
            vm.stopPrank();
        }
    }

    function invariant_I10_ThePosterAloneEndsEveryRun() external {
        uint256 count = market.bountyCount();
        for (uint256 bountyId = 1; bountyId <= count; ++bountyId) {
            IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
            if (!_isFunded(bounty.state)) continue;
            uint256 snapshot = vm.snapshotState();
            _assertPosterEnds(bountyId, bounty);
            vm.revertToStateAndDelete(snapshot);
        }
    }

    function _assertPosterEnds(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _calm();
        _enterAttackers();
        uint256 start = vm.getBlockTimestamp();
        Dice memory dice = Dice(uint256(keccak256(abi.encode(bountyId, bounty, start))));
        bool approves = dice.roll(2) == 0;
        if (dice.roll(2) == 0) _listenToPayments(bountyId);
        _holds = dice.roll(3) == 0;
        uint256 calls = 0;
        while (_isFunded(market.getBounty(bountyId).state) && calls < MAX_CALLS) {
            (bytes memory data, uint256 notBefore) = _plan(bountyId, approves);
            _attack(dice, bountyId);
            uint256 time = vm.getBlockTimestamp();
            if (time < notBefore) {
                // It need not look at the run in between; sometimes it does.
                vm.warp(dice.roll(4) == 0 ? dice.between(time, notBefore) : notBefore);
                _attack(dice, bountyId);
            }
            vm.prank(bounty.poster);
            (bool done,) = address(market).call(data);
            if (done || notBefore <= time) ++calls;
            _attack(dice, bountyId);
        }
        assertFalse(_isFunded(market.getBounty(bountyId).state), "I10: the poster ends the run");
        uint256 limit = (uint256(bounty.workPeriod) + REVIEW_PERIOD) * (4 - bounty.revisions);
        assertLe(vm.getBlockTimestamp() - start, limit, "I10: in time");
    }

    function _listenToPayments(uint256 bountyId) private {
        vm.etch(address(usdc), address(_calling).code);
        CallingUSDC(address(usdc)).setListener(this);
        _attackedId = bountyId;
    }

    /// @dev Not again for the payments of this attack.
    function onTransfer() external {
        if (_attacking) return;
        _attacking = true;
        bytes memory seed = abi.encode(market.getBounty(_attackedId), ++_paymentsSeen);
        _attack(Dice(uint256(keccak256(seed))), _attackedId);
        _attacking = false;
    }

    /// @dev What the poster sends, by the state that it sees, and when: a claim can be ended once it is overdue.
    function _plan(uint256 bountyId, bool approves) private view returns (bytes memory data, uint256 notBefore) {
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        uint256 overdue = uint256(bounty.since) + bounty.workPeriod + 1;
        if (bounty.state == IBountyMarket.State.SUBMITTED) {
            return (_review(bountyId, bounty, approves), 0);
        }
        if (bounty.state == IBountyMarket.State.REVISION_REQUESTED) {
            if (approves) return (abi.encodeCall(market.approveWork, (bountyId, bounty.revisions - 1)), 0);
            return (abi.encodeCall(market.rejectOverdue, (bountyId)), overdue);
        }
        if (bounty.state == IBountyMarket.State.OPEN || !bounty.closing) {
            return (abi.encodeCall(market.closeBounty, (bountyId)), 0);
        }
        return (abi.encodeCall(market.slashExpired, (bountyId)), overdue);
    }

    /// @dev A poster that does not approve asks for every revision and then rejects, while it may.
    function _review(uint256 bountyId, IBountyMarket.Bounty memory bounty, bool approves)
        private
        view
        returns (bytes memory)
    {
        bool late = vm.getBlockTimestamp() > uint256(bounty.since) + REVIEW_PERIOD;
        if (approves || late || _evaluatorOf(bounty) != bounty.poster) {
            return abi.encodeCall(market.approveWork, (bountyId, bounty.revisions));
        }
        if (bounty.revisions < 3) return abi.encodeCall(market.requestRevision, (bountyId, "ipfs://again"));
        return abi.encodeCall(market.rejectWork, (bountyId));
    }

    /// @dev Up to six calls. Those that fail change nothing.
    function _attack(Dice memory dice, uint256 bountyId) private {
        if (_holds) return _hold(bountyId);
        uint256 moves = dice.roll(7);
        for (uint256 i = 0; i < moves; ++i) {
            IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
            uint256 move = dice.roll(9);
            if (move < 2) {
                _try(_attackers[move], abi.encodeCall(market.claimBounty, (bountyId, _agents[move])));
            } else if (move == 2) {
                _try(bounty.wallet, abi.encodeCall(market.abandonClaim, (bountyId)));
            } else if (move == 3) {
                _try(bounty.wallet, abi.encodeCall(market.startWork, (bountyId)));
            } else if (move == 4) {
                _try(bounty.wallet, abi.encodeCall(market.submitWork, (bountyId, "ipfs://garbage")));
            } else if (move == 5) {
                _try(campaign.stranger(), abi.encodeCall(market.slashExpired, (bountyId)));
            } else if (_evaluatorOf(bounty) == bounty.poster) {
                continue;
            } else if (move < 8) {
                _try(_evaluatorOf(bounty), abi.encodeCall(market.requestRevision, (bountyId, "ipfs://again")));
            } else if (dice.roll(4) == 0) {
                _try(_evaluatorOf(bounty), abi.encodeCall(market.rejectWork, (bountyId)));
            }
        }
    }

    /// @dev Keeps the run claimed: random calls seldom do so for long.
    function _hold(uint256 bountyId) private {
        _try(market.getBounty(bountyId).wallet, abi.encodeCall(market.abandonClaim, (bountyId)));
        _try(_attackers[0], abi.encodeCall(market.claimBounty, (bountyId, _agents[0])));
    }

    function _try(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool done,) = address(market).call(data);
        done;
    }

    function _evaluatorOf(IBountyMarket.Bounty memory bounty) private pure returns (address) {
        return bounty.evaluator == address(0) ? bounty.poster : bounty.evaluator;
    }

    /// @dev So that the attackers can stake. Whether USDC pays the poster makes no difference: what it refuses is owed.
    function _calm() private {
        usdc.unpause();
        usdc.unBlacklist(address(staking));
        vm.etch(address(campaign.registry()), _registryCode);
    }
}
