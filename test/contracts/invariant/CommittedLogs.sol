// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {Vm} from "../support/Vm.sol";
import {selectorOf} from "../support/selectorOf.sol";

/// @notice The logs of a call that its receipt would show. Forge also records logs of frames that then reverted; among
/// these calls, only a batch continues after such a frame.
library CommittedLogs {
    /// @param answer What the call returned.
    function committed(Vm.Log[] memory logs, bool ok, bytes memory data, bytes memory answer)
        internal
        pure
        returns (Vm.Log[] memory)
    {
        if (!ok) return new Vm.Log[](0);
        if (selectorOf(data) != IBountyMarket.claimBatch.selector) return logs;
        return _ofBatch(logs, abi.decode(answer, (IBountyMarket.ItemResult[])));
    }

    /// @dev An item that succeeded emitted two logs; of a failed item, only its ClaimRefused remained.
    function _ofBatch(Vm.Log[] memory logs, IBountyMarket.ItemResult[] memory results)
        private
        pure
        returns (Vm.Log[] memory kept)
    {
        kept = new Vm.Log[](logs.length);
        uint256 count = 0;
        uint256 next = 0;
        for (uint256 i = 0; i < results.length && next < logs.length; ++i) {
            if (results[i] == IBountyMarket.ItemResult.MADE) {
                kept[count++] = logs[next++];
            } else {
                while (logs[next].topics[0] != IBountyMarket.ClaimRefused.selector) ++next;
            }
            kept[count++] = logs[next++];
        }
        assembly ("memory-safe") {
            mstore(kept, count)
        }
    }
}
