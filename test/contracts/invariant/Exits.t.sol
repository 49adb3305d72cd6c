// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {CampaignTest} from "./CampaignTest.sol";
import {HostileRegistry} from "./HostileRegistry.sol";

/// @notice Every way out of a live run, tried after every action under the worst conditions: USDC paused, every party
/// and both contracts blacklisted, the registry broken, the agent banned. Poster, evaluator and agent never act again,
/// except the party whose exit is tried.
/// @dev Separate from the other invariants only because it takes as long as all of them: its deep campaign has a fifth
/// of their runs.
contract ExitsTest is CampaignTest {
    bytes[] private _hostileCode;

    function setUp() public override {
        super.setUp();
        for (uint8 mood = 0; mood <= uint8(type(HostileRegistry.Mood).max); ++mood) {
            _hostileCode.push(address(new HostileRegistry(HostileRegistry.Mood(mood), campaign.stranger())).code);
        }
    }

    function invariant_I9_EveryLiveRunCanBeEnded() external {
        uint256 count = market.bountyCount();
        for (uint256 bountyId = 1; bountyId <= count; ++bountyId) {
            if (_isFunded(market.getBounty(bountyId).state)) _assertEveryExit(bountyId);
        }
    }

    /// @dev Restores the state afterwards.
    function _assertEveryExit(uint256 bountyId) internal {
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        uint256 snapshot = vm.snapshotState();
        _assertAStrangerEndsIt(bountyId, bounty);
        vm.revertToState(snapshot);
        if (bounty.state == IBountyMarket.State.OPEN) {
            _assertPosterCloses(bountyId, bounty);
        } else if (bounty.state == IBountyMarket.State.SUBMITTED) {
            _assertPosterApproves(bountyId, bounty);
        } else {
            _assertWalletAbandons(bountyId, bounty);
            vm.revertToState(snapshot);
            _assertPosterEndsALateClaim(bountyId, bounty);
            vm.revertToState(snapshot);
            _assertWalletSubmits(bountyId, bounty);
        }
        vm.revertToStateAndDelete(snapshot);
    }

    /// @dev While all faults last and no party acts: the escrow is credited to the parties, and the stake is no longer
    /// locked.
    function _assertAStrangerEndsIt(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        uint256 before = _wealth(bounty);
        (, uint256 locked,,,,,) = staking.accountOf(bounty.agentId);
        IBountyMarket.State state = bounty.state;
        vm.startPrank(campaign.stranger());
        if (state == IBountyMarket.State.CLAIMED || state == IBountyMarket.State.IN_PROGRESS) {
            _passLimit(uint256(bounty.since) + bounty.workPeriod + 7 days);
            market.slashExpired(bountyId);
        } else if (state == IBountyMarket.State.REVISION_REQUESTED) {
            _passLimit(uint256(bounty.since) + bounty.workPeriod + 7 days);
            market.rejectOverdue(bountyId);
        } else if (state == IBountyMarket.State.SUBMITTED) {
            _passLimit(uint256(bounty.since) + 7 days);
            market.finalizeReview(bountyId);
        }
        if (market.getBounty(bountyId).state == IBountyMarket.State.OPEN) {
            _passLimit(bounty.deadline);
            market.expireBounty(bountyId);
        }
        vm.stopPrank();

        assertFalse(_isFunded(market.getBounty(bountyId).state), "I9: the run has ended");
        bool losesStake = _isLive(state) && state != IBountyMarket.State.SUBMITTED;
        uint256 due = _escrowOf(bounty.reward) + (losesStake ? _lockOf(bountyId, bounty) : 0);
        assertEq(_wealth(bounty) - before, due, "I9: escrow and lost stake reached the parties, or are owed");
        if (!_isLive(state)) return;
        (, uint256 lockedAfter,,,,,) = staking.accountOf(bounty.agentId);
        assertEq(locked - lockedAfter, _lockOf(bountyId, bounty), "I9: the stake is no longer locked");
    }

    function _assertPosterCloses(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        uint256 owed = market.owed(bounty.poster);
        vm.prank(bounty.poster);
        market.closeBounty(bountyId);
        _assertEnded(bountyId, IBountyMarket.State.DRAFT);
        assertEq(market.owed(bounty.poster) - owed, _escrowOf(bounty.reward), "I9: the poster is owed its escrow");
    }

    /// @dev Once `submitBy` has passed, also where the refund is refused.
    function _assertPosterEndsALateClaim(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        _passLimit(uint256(bounty.since) + bounty.workPeriod);
        bool delivered = bounty.state == IBountyMarket.State.REVISION_REQUESTED;
        vm.prank(bounty.poster);
        if (delivered) market.rejectOverdue(bountyId);
        else market.slashExpired(bountyId);
        _assertEnded(bountyId, delivered ? IBountyMarket.State.REJECTED : _lostState(bounty));
    }

    function _assertPosterApproves(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        vm.prank(bounty.poster);
        market.approveWork(bountyId, bounty.revisions);
        _assertEnded(bountyId, IBountyMarket.State.APPROVED);
    }

    /// @dev Before any work, until `submitBy`.
    function _assertWalletAbandons(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        bool delivered = bounty.state == IBountyMarket.State.REVISION_REQUESTED;
        bool late = vm.getBlockTimestamp() > uint256(bounty.since) + bounty.workPeriod;
        if (late && !delivered) return;
        _turnTheWorldAgainst(bountyId, bounty);
        vm.prank(bounty.wallet);
        market.abandonClaim(bountyId);
        _assertEnded(bountyId, delivered ? IBountyMarket.State.REJECTED : _lostState(bounty));
    }

    /// @dev What the bounty becomes when its claim is lost now.
    function _lostState(IBountyMarket.Bounty memory bounty) private view returns (IBountyMarket.State) {
        bool withdraws = bounty.closing || vm.getBlockTimestamp() > bounty.deadline;
        return withdraws ? IBountyMarket.State.DRAFT : IBountyMarket.State.OPEN;
    }

    /// @dev However late. The agent is paid even if the poster never acts.
    function _assertWalletSubmits(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        uint256 owed = market.owed(bounty.wallet);
        vm.prank(bounty.wallet);
        market.submitWork(bountyId, "ipfs://late");
        vm.warp(vm.getBlockTimestamp() + 7 days + 1);
        vm.prank(campaign.stranger());
        market.finalizeReview(bountyId);
        _assertEnded(bountyId, IBountyMarket.State.APPROVED);
        assertGe(market.owed(bounty.wallet) - owed, bounty.reward, "I9: the wallet is owed its reward");
    }

    function _turnTheWorldAgainst(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        usdc.pause();
        usdc.blacklist(address(market));
        usdc.blacklist(address(staking));
        usdc.blacklist(bounty.poster);
        usdc.blacklist(bounty.evaluator);
        usdc.blacklist(bounty.wallet);
        usdc.blacklist(campaign.treasury());
        usdc.blacklist(market.BURN());
        vm.etch(address(campaign.registry()), _hostileCode[bountyId % _hostileCode.length]);
        if (bounty.wallet != address(0)) _ban(bounty.agentId);
    }

    function _ban(uint256 agentId) private {
        (,,,,,, bool banned) = staking.accountOf(agentId);
        address owner = staking.owner();
        if (banned || owner == address(0)) return;
        vm.prank(owner);
        staking.ban(agentId);
    }

    function _passLimit(uint256 limit) private {
        if (vm.getBlockTimestamp() <= limit) vm.warp(limit + 1);
    }

    function _assertEnded(uint256 bountyId, IBountyMarket.State expected) private view {
        assertEq(uint256(market.getBounty(bountyId).state), uint256(expected), "I9: the run has ended");
    }

    /// @dev The balances and debts of the run's parties and the burn address, each account counted once.
    function _wealth(IBountyMarket.Bounty memory bounty) private view returns (uint256 total) {
        address[4] memory accounts = [bounty.poster, bounty.wallet, campaign.treasury(), market.BURN()];
        for (uint256 i = 0; i < accounts.length; ++i) {
            bool counted = false;
            for (uint256 j = 0; j < i; ++j) {
                if (accounts[j] == accounts[i]) counted = true;
            }
            if (!counted) total += usdc.balanceOf(accounts[i]) + market.owed(accounts[i]);
        }
    }
}
