// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Vm} from "../../support/Vm.sol";
import {Dice} from "../Dice.sol";
import {SignedClaimHandler} from "./SignedClaimHandler.sol";

/// @notice Batches of mixed items. The result of each item must be that of the same claim alone at its turn (I8).
abstract contract BatchHandler is SignedClaimHandler {
    constructor() {
        _mustHappen("batch item claimed");
        _mustHappen("batch item refused");
        _mustHappen("batch item left untouched");
    }

    function claimBatch(uint256 seed) external {
        Dice memory dice = Dice(seed);
        IBountyMarket.Claim[] memory items = _items(dice);
        address caller = dice.roll(4) == 0 ? _anyone(dice) : relayer;
        bytes[] memory expected = _oneByOne(caller, items);

        // Mostly enough gas for all items, else down to less than one takes.
        bool scarce = dice.roll(4) == 0;
        uint256 gas = scarce ? dice.between(200_000, 1_500_000) : TX_GAS;
        (bool ok, bytes memory answer, Vm.Log[] memory logs) =
            _actWithin(gas, caller, address(market), abi.encodeCall(market.claimBatch, (items)));
        if (ok) _compare(abi.decode(answer, (IBountyMarket.ItemResult[])), expected, logs, scarce);
        else _assertInvariant(8, scarce && answer.length == 0, "a batch failed");
    }

    function _items(Dice memory dice) private returns (IBountyMarket.Claim[] memory items) {
        items = new IBountyMarket.Claim[](dice.roll(6));
        for (uint256 i = 0; i < items.length; ++i) {
            uint256 side = dice.roll(16);
            if (side == 0 && i > 0) items[i] = items[i - 1];
            else if (side == 1) items[i] = _oldClaim(dice);
            else items[i] = _signedClaim(dice);
            if (side == 2) items[i].signature = new bytes(9000);
            if (side > 8) items[i].signature = "";
        }
    }

    /// @return reasons The error of each claim alone, made after those before it; empty where it succeeds.
    function _oneByOne(address caller, IBountyMarket.Claim[] memory items) private returns (bytes[] memory reasons) {
        reasons = new bytes[](items.length);
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < items.length; ++i) {
            vm.prank(caller);
            (bool ok, bytes memory answer) = address(market).call{gas: TX_GAS}(_alone(items[i]));
            if (!ok) reasons[i] = answer;
        }
        vm.revertToStateAndDelete(snapshot);
    }

    function _alone(IBountyMarket.Claim memory item) private view returns (bytes memory) {
        if (item.signature.length == 0) {
            return abi.encodeCall(market.claimBountyFor, (item.bountyId, item.agentId, item.wallet));
        }
        return abi.encodeCall(
            market.claimBountyWithSig, (item.bountyId, item.agentId, item.wallet, item.deadline, item.signature)
        );
    }

    /// @param mayStop Whether there was so little gas that the last items may be untried.
    function _compare(
        IBountyMarket.ItemResult[] memory results,
        bytes[] memory expected,
        Vm.Log[] memory logs,
        bool mayStop
    ) private {
        uint256 tried = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 selector = logs[i].topics[0];
            if (selector == IBountyMarket.BountyClaimed.selector) {
                _assertInvariant(8, expected[tried].length == 0, "a batch claims what must be refused");
                _assertInvariant(
                    8, results[tried] == IBountyMarket.ItemResult.MADE, "a claim that was made is not reported"
                );
                _count("batch item claimed");
                ++tried;
            } else if (selector == IBountyMarket.ClaimRefused.selector) {
                bytes memory reason = abi.decode(logs[i].data, (bytes));
                _assertInvariant(
                    8, keccak256(reason) == keccak256(expected[tried]), "a batch refuses with another reason"
                );
                _assertInvariant(
                    8, results[tried] == IBountyMarket.ItemResult.REFUSED, "a refused item is not reported"
                );
                _count("batch item refused");
                ++tried;
            }
        }
        _assertInvariant(8, results.length == expected.length, "a result for each item");
        _assertInvariant(8, mayStop || tried == results.length, "a batch stopped with gas left");
        for (; tried < results.length; ++tried) {
            _assertInvariant(
                8, results[tried] == IBountyMarket.ItemResult.UNTRIED, "an untouched item is reported as tried"
            );
            _count("batch item left untouched");
        }
    }
}
