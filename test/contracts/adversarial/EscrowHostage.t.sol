// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {KeptClaim} from "./support/KeptClaim.sol";

/// @notice A contract that owns two agents keeps a run claimed: just before each `submitBy` it abandons its claim and
/// claims again, in one transaction, so that no call of the poster ever finds the run OPEN.
contract EscrowHostageTest is BountyMarketTest {
    uint256 private constant LARGE_REWARD = 1_000_000e6;

    KeptClaim private attacker;

    function setUp() public override {
        super.setUp();
        usdc.mint(poster, 2 * LARGE_REWARD);
        attacker = new KeptClaim(market, registry, usdc);
        usdc.mint(address(attacker), 10 * LARGE_REWARD);
        attacker.prepare(LARGE_REWARD);
        terms.workPeriod = 30 days;
    }

    /// @dev Without a close: every thirty days cost the attacker the stake of one claim, until the deadline.
    function test_GivenNoClose_ItKeepsTheEscrowAndPaysAStakeForEachWorkPeriod() public {
        uint64[4] memory rewards = [uint64(1e6), 100e6, 10_000e6, 1_000_000e6];
        uint64[4] memory stakes = [uint64(100_000), 10e6, 500e6, 50_000e6];
        for (uint256 i = 0; i < rewards.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 bountyId = _postForAYear(rewards[i]);
            attacker.claim(bountyId);
            for (uint256 round = 1; round <= 12; ++round) {
                vm.warp(START + round * 30 days);
                attacker.keep(bountyId);
                _assertState(bountyId, CLAIMED);
            }
            assertEq(usdc.balanceOf(BURN), 12 * stakes[i], "twelve stakes for 360 days");
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /// @dev One call ends it within the work period of the claim that it finds, whenever it is sent.
    function test_GivenAClose_TheNextLostClaimEndsIt() public {
        uint64[4] memory rewards = [uint64(1e6), 100e6, 10_000e6, 1_000_000e6];
        for (uint256 i = 0; i < rewards.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 balance = usdc.balanceOf(poster);
            uint256 bountyId = _postForAYear(rewards[i]);
            attacker.claim(bountyId);
            attacker.keep(bountyId);
            _close(bountyId);
            vm.warp(START + 30 days);
            // Abandoned, the run is a DRAFT, and cannot be claimed: the whole transaction reverts.
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.BountyNotOpen.selector, bountyId, DRAFT));
            attacker.keep(bountyId);
            vm.warp(START + 30 days + 1);
            _slashExpired(bountyId);
            _assertState(bountyId, DRAFT);
            assertEq(usdc.balanceOf(poster), balance, "the whole escrow");
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /// @dev The attacker sees the close and acts just before it: the run is closed in any case.
    function test_GivenAnAttackerThatActsJustBefore_TheCloseStillHolds() public {
        uint256 bountyId = _postForAYear(100e6);
        attacker.claim(bountyId);
        attacker.keep(bountyId);
        _close(bountyId);
        assertTrue(market.getBounty(bountyId).closing);
        attacker.abandon(bountyId);
        _assertState(bountyId, DRAFT);

        bountyId = _postForAYear(100e6);
        attacker.claim(bountyId);
        attacker.abandon(bountyId);
        _close(bountyId);
        _assertState(bountyId, DRAFT);

        bountyId = _postForAYear(100e6);
        attacker.claim(bountyId);
        _close(bountyId);
        assertTrue(market.getBounty(bountyId).closing);
    }

    function _postForAYear(uint256 reward) private returns (uint256) {
        vm.prank(poster);
        return market.postBounty(WORK, reward, START + 365 days, terms);
    }
}
