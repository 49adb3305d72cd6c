// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {CampaignTest} from "./CampaignTest.sol";
import {HostileRegistry} from "./HostileRegistry.sol";

/// @notice Every way out of a live run, tried after every action with the world against it: the registry broken, the
/// agent banned, and everyone who is paid by the run blacklisted, but for the poster where his own call pays him.
/// @dev Apart from the other invariants only because it takes as long as all of them: its deep campaign is the first
/// fifth of theirs.
contract ExitsTest is CampaignTest {
    bytes[] private _hostileCode;

    function setUp() public override {
        super.setUp();
        for (uint8 mood = 0; mood <= uint8(type(HostileRegistry.Mood).max); ++mood) {
            _hostileCode.push(address(new HostileRegistry(HostileRegistry.Mood(mood), campaign.stranger())).code);
        }
    }

    /// forge-config: deep.invariant.runs = 800
    function invariant_I9_EveryLiveRunCanBeEnded() external {
        uint256 count = market.bountyCount();
        for (uint256 bountyId = 1; bountyId <= count; ++bountyId) {
            if (_isFunded(market.getBounty(bountyId).state)) _assertEveryExit(bountyId);
        }
    }

    /// @dev Leaves the state as it was.
    function _assertEveryExit(uint256 bountyId) internal {
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        uint256 snapshot = vm.snapshotState();
        if (bounty.state == IBountyMarket.State.OPEN) {
            _assertPosterWithdraws(bountyId, bounty);
        } else if (bounty.state == IBountyMarket.State.SUBMITTED) {
            _assertPosterApproves(bountyId, bounty);
            vm.revertToState(snapshot);
            _assertAnyoneFinalizes(bountyId, bounty);
        } else {
            _assertPosterSlashes(bountyId, bounty);
            vm.revertToState(snapshot);
            _assertPosterSlashesAndWithdraws(bountyId, bounty);
            vm.revertToState(snapshot);
            _assertWalletSubmits(bountyId, bounty);
        }
        vm.revertToStateAndDelete(snapshot);
    }

    function _assertPosterWithdraws(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        _spare(bounty.poster);
        uint256 balance = usdc.balanceOf(bounty.poster);
        vm.prank(bounty.poster);
        market.withdrawBounty(bountyId);
        _assertEnded(bountyId, IBountyMarket.State.DRAFT);
        assertEq(usdc.balanceOf(bounty.poster) - balance, _escrowOf(bounty.reward), "I9: the poster has his escrow");
    }

    function _assertPosterSlashes(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        _spare(bounty.poster);
        _passLimit(bounty.since + market.CLAIM_TIMEOUT());
        uint256 balance = usdc.balanceOf(bounty.poster);
        vm.prank(bounty.poster);
        market.slashExpired(bountyId);
        _assertEnded(bountyId, IBountyMarket.State.OPEN);
        assertEq(usdc.balanceOf(bounty.poster) - balance, _lockOf(bounty.reward), "I9: the poster has the lock");
    }

    function _assertPosterSlashesAndWithdraws(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        _spare(bounty.poster);
        _passLimit(bounty.since + market.CLAIM_TIMEOUT());
        uint256 balance = usdc.balanceOf(bounty.poster);
        vm.prank(bounty.poster);
        market.slashAndWithdraw(bountyId);
        _assertEnded(bountyId, IBountyMarket.State.DRAFT);
        uint256 due = _escrowOf(bounty.reward) + _lockOf(bounty.reward);
        assertEq(usdc.balanceOf(bounty.poster) - balance, due, "I9: the poster has escrow and lock");
    }

    /// @dev Late as it may be, and with a poster who cannot be paid and so can do nothing.
    function _assertWalletSubmits(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        vm.prank(bounty.wallet);
        market.submitWork(bountyId, "ipfs://late");
        _assertAnyoneFinalizes(bountyId, market.getBounty(bountyId));
    }

    function _assertPosterApproves(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        usdc.pause();
        uint256 wealth = _wealthOf(bounty.wallet);
        vm.prank(bounty.poster);
        market.approveWork(bountyId);
        _assertEnded(bountyId, IBountyMarket.State.APPROVED);
        assertGe(_wealthOf(bounty.wallet) - wealth, bounty.reward, "I9: the wallet is paid or owed its reward");
    }

    function _assertAnyoneFinalizes(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        _turnTheWorldAgainst(bountyId, bounty);
        usdc.pause();
        _passLimit(bounty.since + market.REVIEW_PERIOD());
        uint256 wealth = _wealthOf(bounty.wallet);
        vm.prank(campaign.stranger());
        market.finalizeReview(bountyId);
        _assertEnded(bountyId, IBountyMarket.State.APPROVED);
        assertGe(_wealthOf(bounty.wallet) - wealth, bounty.reward, "I9: the wallet is paid or owed its reward");
    }

    function _turnTheWorldAgainst(uint256 bountyId, IBountyMarket.Bounty memory bounty) private {
        usdc.unpause();
        usdc.unBlacklist(address(market));
        usdc.unBlacklist(address(staking));
        usdc.blacklist(bounty.poster);
        usdc.blacklist(bounty.wallet);
        usdc.blacklist(campaign.treasury());
        vm.etch(address(campaign.registry()), _hostileCode[bountyId % _hostileCode.length]);
        _ban(bounty.agentId);
    }

    function _ban(uint256 agentId) private {
        (,,,,,, bool banned) = staking.accountOf(agentId);
        address owner = staking.owner();
        if (banned || owner == address(0)) return;
        vm.prank(owner);
        staking.ban(agentId);
    }

    function _spare(address account) private {
        usdc.unBlacklist(account);
    }

    function _passLimit(uint256 limit) private {
        if (vm.getBlockTimestamp() <= limit) vm.warp(limit + 1);
    }

    function _assertEnded(uint256 bountyId, IBountyMarket.State expected) private view {
        assertEq(uint256(market.getBounty(bountyId).state), uint256(expected), "I9: the run has ended");
    }

    function _wealthOf(address account) private view returns (uint256) {
        return usdc.balanceOf(account) + market.owed(account);
    }
}
