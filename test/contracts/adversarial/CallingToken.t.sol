// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {CallingUSDC, ITransferListener} from "../support/CallingUSDC.sol";

/// @notice USDC makes no calls, so no attacker acts inside another's call. If it did, every payment would still find the run
/// as the call leaves it. Here every party makes every call about the run in the middle of every payment.
contract CallingTokenTest is BountyMarketTest, ITransferListener {
    struct Attack {
        address caller;
        bytes data;
    }

    uint256 private bountyId;
    Attack[] private attacks;
    uint256 private tried;
    uint256 private done;
    bool private attacking;

    function setUp() public override {
        super.setUp();
        vm.etch(address(usdc), address(new CallingUSDC()).code);
        CallingUSDC(address(usdc)).setListener(this);
        // Another run, whose escrow and lock an attack could take.
        _postClaimed();
    }

    function onTransfer() external {
        if (attacking) return;
        attacking = true;
        for (uint256 i = 0; i < attacks.length; ++i) {
            vm.prank(attacks[i].caller);
            (bool succeeded,) = address(market).call(attacks[i].data);
            ++tried;
            if (succeeded) ++done;
        }
        attacking = false;
    }

    function test_WhenPosterTakesBackAnOpenRun_NothingMoreHappens() public {
        bountyId = _post();
        _prepareAttacks();
        _close(bountyId);
        _assertEnded(DRAFT);
        assertEq(usdc.balanceOf(poster), FUNDS - 105e6);
    }

    function test_WhenAClaimEndsAndTheRunWithIt_NothingMoreHappens() public {
        bountyId = _postClaimed();
        _close(bountyId);
        _prepareAttacks();
        skip(7 days + 1);
        _slashExpired(bountyId);
        _assertEnded(DRAFT);
        _stake(1);

        bountyId = _postClaimed();
        _close(bountyId);
        _prepareAttacks();
        _abandon(bountyId);
        _assertEnded(DRAFT);
        assertEq(usdc.balanceOf(poster), FUNDS - 105e6);
        assertEq(usdc.balanceOf(BURN), 2 * LOCK);
    }

    function test_WhenWorkIsPaidOrRejected_NothingMoreHappens() public {
        bountyId = _postSubmitted();
        _prepareAttacks();
        _approve(bountyId);
        _assertEnded(APPROVED);
        assertEq(usdc.balanceOf(wallet), REWARD);
        assertEq(market.owed(treasury), FEE);

        bountyId = _postRejectable();
        _prepareAttacks();
        _reject(bountyId);
        _assertEnded(REJECTED);
        assertEq(usdc.balanceOf(BURN), FEE + LOCK);
    }

    /// @dev The one call that leaves the run OPEN: the agent may claim again inside it, as right after it. The poster's
    /// close then makes that claim the last.
    function test_WhenAnAbandonedRunIsOpen_ItMayBeClaimedInsideTheCall() public {
        bountyId = _postClaimed();
        _attackBy(wallet, abi.encodeCall(market.claimBounty, (bountyId, AGENT)));
        _abandon(bountyId);
        assertEq(done, 1);
        assertEq(market.getBounty(bountyId).round, 2);
        _close(bountyId);
        skip(7 days + 1);
        _prepareAttacks();
        _slashExpired(bountyId);
        _assertEnded(DRAFT);
        assertEq(usdc.balanceOf(poster), FUNDS - 105e6);
    }

    function test_WhenADebtIsCollected_ItIsPaidOnce() public {
        usdc.blacklist(wallet);
        bountyId = _postSubmitted();
        _approve(bountyId);
        usdc.unBlacklist(wallet);
        _attackBy(stranger, abi.encodeCall(market.collect, (wallet)));
        market.collect(wallet);
        assertEq(tried, 1);
        assertEq(done, 0);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function test_WhenStakeLeaves_ItLeavesOnce() public {
        _attackBy(wallet, abi.encodeCall(market.claimBounty, (_post(400e6), AGENT)));
        _unstake(STAKE - 20e6);
        assertEq(tried, 1);
        assertEq(done, 0);
        _assertStake(20e6, LOCK);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.StakeIsLocked.selector, AGENT, 20e6 - 1, 20e6));
        _unstake(1);
    }

    /// @dev Every call about the run by the party that may make it, but funding it again.
    function _prepareAttacks() private {
        delete attacks;
        tried = 0;
        done = 0;
        _attackBy(wallet, abi.encodeCall(market.claimBounty, (bountyId, AGENT)));
        _attackBy(wallet, abi.encodeCall(market.startWork, (bountyId)));
        _attackBy(wallet, abi.encodeCall(market.submitWork, (bountyId, DELIVERABLE)));
        _attackBy(wallet, abi.encodeCall(market.abandonClaim, (bountyId)));
        _attackBy(poster, abi.encodeCall(market.closeBounty, (bountyId)));
        _attackBy(poster, abi.encodeCall(market.slashExpired, (bountyId)));
        _attackBy(poster, abi.encodeCall(market.requestRevision, (bountyId, FEEDBACK)));
        _attackBy(poster, abi.encodeCall(market.rejectWork, (bountyId)));
        _attackBy(poster, abi.encodeCall(market.rejectOverdue, (bountyId)));
        for (uint8 revision = 0; revision < 4; ++revision) {
            _attackBy(poster, abi.encodeCall(market.approveWork, (bountyId, revision)));
        }
        _attackBy(stranger, abi.encodeCall(market.finalizeReview, (bountyId)));
        _attackBy(stranger, abi.encodeCall(market.expireBounty, (bountyId)));
    }

    function _attackBy(address caller, bytes memory data) private {
        attacks.push(Attack(caller, data));
    }

    function _assertEnded(IBountyMarket.State expected) private view {
        _assertState(bountyId, expected);
        assertGe(tried, attacks.length, "attacks were made");
        assertEq(done, 0, "attacks that succeeded");
        assertEq(usdc.balanceOf(address(market)), 105e6 + market.owed(treasury), "only the other run's escrow");
        (, uint256 locked,,,,,) = staking.accountOf(AGENT);
        assertEq(locked, LOCK, "only the other run's lock");
    }
}
