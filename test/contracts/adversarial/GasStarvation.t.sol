// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {HungryRegistry} from "../support/Registries.sol";
import {CostlyUSDC} from "./support/CostlyUSDC.sol";

/// @notice Callers that give just enough gas for a call to continue after an inner call ran out of gas. Otherwise the
/// caller that ends a run could defer its payments, and the owner of an agent could act as its wallet. At every amount
/// of gas, the call reverts as a whole or takes full effect.
contract GasStarvationTest is BountyMarketTest {
    function test_WhenFinalizing_AtEveryAmountOfGas_TheAgentIsPaidOrNothingHappens() public {
        uint256 bountyId = _postSubmitted();
        skip(7 days + 1);
        _assertPaidOrNothing(stranger, abi.encodeCall(IBountyMarket.finalizeReview, (bountyId)), 0);
    }

    function test_WhenPosterApproves_AtEveryAmountOfGas_TheAgentIsPaidOrNothingHappens() public {
        uint256 bountyId = _postSubmitted();
        _assertPaidOrNothing(poster, abi.encodeCall(IBountyMarket.approveWork, (bountyId, 0)), FEE);
    }

    function test_WhenRejecting_AtEveryAmountOfGas_AllIsPaidAndBurnedOrNothingHappens() public {
        uint256 bountyId = _postRejectable();
        _assertPaidOrNothing(poster, abi.encodeCall(IBountyMarket.rejectWork, (bountyId)), 0);
    }

    /// @dev An existing debt is the cheapest to add to: one storage slot that is not zero.
    function test_GivenOldDebts_AtEveryAmountOfGas_TheyDoNotGrow() public {
        _makeDebts();
        uint256 bountyId = _postSubmitted();
        skip(7 days + 1);
        _assertPaidOrNothing(stranger, abi.encodeCall(IBountyMarket.finalizeReview, (bountyId)), 0);
    }

    /// @dev After a starved transfer, 1/63 of its gas is left, and 2300 gas or less store nothing: a transfer that
    /// could become a debt costs more than 63 × 2300 = 145k gas, more than twice what Circle's token needs.
    function test_GivenOldDebtsAndTransfersOf130kGas_AtEveryAmountOfGas_TheyDoNotGrow() public {
        vm.etch(address(usdc), address(new CostlyUSDC()).code);
        CostlyUSDC(address(usdc)).setTransferGas(100_000);
        _makeDebts();
        uint256 bountyId = _postSubmitted();
        skip(7 days + 1);
        _assertPaidOrNothing(stranger, abi.encodeCall(IBountyMarket.finalizeReview, (bountyId)), 0);
    }

    /// @dev The registry fails at once when it is starved, and so leaves enough gas for a whole claim.
    function test_GivenHungryRegistry_AtEveryAmountOfGas_TheOwnerIsNotTheWallet() public {
        _upgradeToHungryRegistry();
        uint256 bountyId = _post();
        for (uint256 gas = 30_000; gas <= 300_000; gas += 500) {
            (bool success,) = _callAs(owner, abi.encodeCall(IBountyMarket.claimBounty, (bountyId, AGENT)), gas);
            assertFalse(success, "claimed as the owner");
        }
        // The wallet itself can claim, so nothing else prevented the owner's claim.
        _claim(bountyId);
    }

    function test_GivenHungryRegistry_AtEveryAmountOfGas_TheWalletClaimsOrNothingHappens() public {
        _upgradeToHungryRegistry();
        uint256 bountyId = _post();
        uint256 claimed = 0;
        for (uint256 gas = 30_000; gas <= 300_000; gas += 500) {
            uint256 before = vm.snapshotState();
            (bool success,) = _callAs(wallet, abi.encodeCall(IBountyMarket.claimBounty, (bountyId, AGENT)), gas);
            if (success) ++claimed;
            _assertState(bountyId, success ? CLAIMED : OPEN);
            _assertStake(STAKE, success ? LOCK : 0);
            vm.revertToStateAndDelete(before);
        }
        assertGt(claimed, 0, "some amount of gas is enough");
    }

    function _makeDebts() private {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(wallet);
        usdc.blacklist(treasury);
        _approve(bountyId);
        usdc.unBlacklist(wallet);
        usdc.unBlacklist(treasury);
        bountyId = _postRejectable();
        usdc.blacklist(BURN);
        _reject(bountyId);
        usdc.unBlacklist(BURN);
        assertEq(market.owed(BURN), FEE + LOCK);
    }

    function _upgradeToHungryRegistry() private {
        vm.etch(address(registry), address(new HungryRegistry(wallet, owner)).code);
    }

    /// @param fee What the treasury is owed where the call succeeds.
    function _assertPaidOrNothing(address caller, bytes memory call, uint256 fee) private {
        (uint256 toWallet, uint256 toTreasury) = (market.owed(wallet), market.owed(treasury));
        uint256 escrow = usdc.balanceOf(address(market));
        uint256 burn = market.owed(BURN);
        (bool failed, bool succeeded) = (false, false);
        for (uint256 gas = 30_000; gas <= 500_000; gas += 1000) {
            uint256 before = vm.snapshotState();
            (bool success,) = _callAs(caller, call, gas);
            assertEq(market.owed(wallet), toWallet, "owed to the wallet");
            assertEq(market.owed(treasury), toTreasury + (success ? fee : 0), "owed to the treasury");
            assertEq(market.owed(poster), 0, "owed to the poster");
            assertEq(market.owed(BURN), burn, "to be burned");
            uint256 left = success ? escrow + fee - REWARD - FEE : escrow;
            assertEq(usdc.balanceOf(address(market)), left, "escrow");
            (failed, succeeded) = (failed || !success, succeeded || success);
            vm.revertToStateAndDelete(before);
        }
        assertTrue(failed && succeeded, "both outcomes were seen");
    }

    function _callAs(address caller, bytes memory call, uint256 gas) private returns (bool, bytes memory) {
        vm.prank(caller);
        return address(market).call{gas: gas}(call);
    }
}
