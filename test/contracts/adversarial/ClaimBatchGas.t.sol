// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BurningWallet} from "../support/ContractWallets.sol";
import {Vm} from "../support/Vm.sol";
import {GaugingWallet} from "./support/HostileWallets.sol";
import {SignedClaims} from "./support/SignedClaims.sol";

/// @notice Batches with too little gas. The last item's wallet signs only if it gets as much gas as in a batch with
/// plenty: at every amount of gas, an item that is tried is tried in full.
contract ClaimBatchGasTest is SignedClaims {
    uint256 private bountyId;

    function setUp() public override {
        super.setUp();
        bountyId = _post();
    }

    function test_GivenOneItem_AtEveryAmountOfGas_ItIsTriedInFullOrNotAtAll() public {
        _assertNeverStarved(_batch(0, 65), 30_000, 320_000, 500);
    }

    function test_GivenTheLongestSignature_AtEveryAmountOfGas_ItIsTriedInFullOrNotAtAll() public {
        _assertNeverStarved(_batch(0, 8192), 200_000, 400_000, 500);
    }

    /// @dev Every refusal leaves its reason in memory, whose cost grows faster than its size.
    function test_GivenManyRefusedBefore_AtEveryAmountOfGas_TheLastIsTriedInFullOrNotAtAll() public {
        IBountyMarket.Claim[] memory claims = _batch(200, 8192);
        uint256 enough = _gasToTryAll(claims);
        _assertNeverStarved(claims, enough - 30_000, enough + 30_000, 1000);
    }

    /// @dev Too little gas harms only the caller: an item that was not tried emits nothing and can still be claimed.
    function test_GivenLittleGas_NothingIsTriedAndNothingIsEmitted() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](2);
        (claims[0], claims[1]) = (_signedItem(bountyId), _signedItem(_post()));
        for (uint256 gas = 20_000; gas <= 270_000; gas += 1000) {
            vm.recordLogs();
            try market.claimBatch{gas: gas}(claims) returns (IBountyMarket.ItemResult[] memory results) {
                _assertResult(results[0], IBountyMarket.ItemResult.UNTRIED);
                _assertResult(results[1], IBountyMarket.ItemResult.UNTRIED);
            } catch (bytes memory reason) {
                assertEq(reason.length, 0, "out of gas");
                assertLt(gas, 30_000, "gas that was not enough to do nothing");
            }
            assertEq(vm.getRecordedLogs().length, 0);
        }
        _assertResult(market.claimBatch(claims)[0], IBountyMarket.ItemResult.MADE);
    }

    /// @dev Copying it would cost 2.2 million gas outside the item's own gas.
    function test_GivenASignatureOfAMegabyte_TheOthersAreClaimed() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](3);
        (claims[0], claims[2]) = (_signedItem(bountyId), _signedItem(_post()));
        claims[1] = IBountyMarket.Claim(_post(), AGENT, wallet, START, new bytes(1 << 20));
        IBountyMarket.ItemResult[] memory results = market.claimBatch{gas: 1_000_000}(claims);
        _assertResult(results[0], IBountyMarket.ItemResult.MADE);
        _assertResult(results[1], IBountyMarket.ItemResult.REFUSED);
        _assertResult(results[2], IBountyMarket.ItemResult.MADE);
    }

    /// @dev An item that burns all its gas cannot use the gas reserved for the results.
    function test_GivenManyItemsAndGasForOne_TheResultsOfAllComeBack() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](1000);
        claims[0] = IBountyMarket.Claim(bountyId, AGENT, address(new BurningWallet()), START, "any");
        (bool none, bool one) = (false, false);
        for (uint256 gas = 280_000; gas <= 540_000; gas += 2000) {
            uint256 count = this.tried(claims, gas);
            (none, one) = (none || count == 0, one || count == 1);
        }
        assertTrue(none && one, "both sides of the boundary were seen");
    }

    /// @dev The number of items in the logs, claimed or refused. A separate frame, because logs take memory.
    function tried(IBountyMarket.Claim[] memory claims, uint256 gas) external returns (uint256 count) {
        vm.recordLogs();
        IBountyMarket.ItemResult[] memory results = market.claimBatch{gas: gas}(claims);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(market)) ++count;
        }
        if (count < claims.length) _assertResult(results[claims.length - 1], IBountyMarket.ItemResult.UNTRIED);
    }

    /// @dev `refused` items that fail, then one whose wallet measures its gas, signed with `length` bytes.
    function _batch(uint256 refused, uint256 length) private returns (IBountyMarket.Claim[] memory claims) {
        claims = new IBountyMarket.Claim[](refused + 1);
        // These are refused on another bounty, so that they do not warm the storage of the last item's bounty.
        uint256 other = _post();
        for (uint256 i = 0; i < refused; ++i) {
            claims[i] = IBountyMarket.Claim(other, AGENT, wallet, START, "no signature");
        }
        _giveAgentTo(address(new GaugingWallet(_gasOfAFullItem(length))));
        claims[refused] = IBountyMarket.Claim(bountyId, AGENT, wallet, START, new bytes(length));
    }

    /// @dev The most gas that such a wallet can require and still sign, by bisection, in a batch with plenty.
    function _gasOfAFullItem(uint256 length) private returns (uint256 low) {
        uint256 high = 250_000;
        while (low + 1 < high) {
            uint256 middle = (low + high) / 2;
            uint256 before = vm.snapshotState();
            _giveAgentTo(address(new GaugingWallet(middle)));
            address gauging = registry.ownerOf(AGENT);
            IBountyMarket.ItemResult result =
                market.claimBatch(_only(IBountyMarket.Claim(bountyId, AGENT, gauging, START, new bytes(length))))[0];
            bool signed = result == IBountyMarket.ItemResult.MADE;
            vm.revertToStateAndDelete(before);
            (low, high) = signed ? (middle, high) : (low, middle);
        }
        assertGt(low, 200_000, "an item has most of its gas for the wallet");
    }

    function _gasToTryAll(IBountyMarket.Claim[] memory claims) private returns (uint256 high) {
        uint256 low = 0;
        high = 10_000_000;
        while (low + 1 < high) {
            uint256 middle = (low + high) / 2;
            uint256 before = vm.snapshotState();
            (low, high) = this.tried(claims, middle) == claims.length ? (low, middle) : (middle, high);
            vm.revertToStateAndDelete(before);
        }
    }

    function _assertNeverStarved(IBountyMarket.Claim[] memory claims, uint256 from, uint256 to, uint256 step) private {
        (bool leftOut, bool claimed) = (false, false);
        for (uint256 gas = from; gas <= to; gas += step) {
            uint256 before = vm.snapshotState();
            if (this.tried(claims, gas) == claims.length) {
                _assertState(bountyId, CLAIMED);
                claimed = true;
            } else {
                leftOut = true;
            }
            vm.revertToStateAndDelete(before);
        }
        assertTrue(leftOut && claimed, "both sides of the boundary were seen");
    }

    function _only(IBountyMarket.Claim memory claim) private pure returns (IBountyMarket.Claim[] memory claims) {
        claims = new IBountyMarket.Claim[](1);
        claims[0] = claim;
    }
}
