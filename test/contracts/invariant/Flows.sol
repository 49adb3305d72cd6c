// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {Vm} from "../support/Vm.sol";

/// @title Flows
/// @notice Attributes every USDC that moves for a bounty, from the token's own Transfer logs (I5).
abstract contract Flows {
    using SafeCast for uint256;

    mapping(uint256 bountyId => mapping(address account => int256)) private _gained;

    /// @notice What each account gained by the bounty so far, in USDC base units. A deferred payment counts as the
    /// payee's, no longer as the market's.
    function gains(uint256 bountyId, address[] calldata accounts) external view returns (int256[] memory amounts) {
        amounts = new int256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            amounts[i] = _gained[bountyId][accounts[i]];
        }
    }

    function _traceFlows(Vm.Log[] memory logs, address usdc, address market) internal {
        uint256 bountyId = _bountyPaidFor(logs, market);
        if (bountyId == 0) return;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32[] memory topics = logs[i].topics;
            if (logs[i].emitter == usdc && topics[0] == IERC20.Transfer.selector) {
                _move(bountyId, _account(topics[1]), _account(topics[2]), abi.decode(logs[i].data, (uint256)));
            } else if (logs[i].emitter == market && topics[0] == IBountyMarket.PaymentDeferred.selector) {
                _move(bountyId, market, _account(topics[1]), abi.decode(logs[i].data, (uint256)));
            }
        }
    }

    /// @dev A call that moves escrow or takes stake is about one bounty, and its first log names it.
    function _bountyPaidFor(Vm.Log[] memory logs, address market) private pure returns (uint256 bountyId) {
        if (logs.length == 0 || logs[0].emitter != market) return 0;
        bytes32 selector = logs[0].topics[0];
        bool paysForBounty = selector == IBountyMarket.BountyCreated.selector
            || selector == IBountyMarket.BountyFunded.selector || selector == IBountyMarket.BountyWithdrawn.selector
            || selector == IBountyMarket.BountyApproved.selector || selector == IBountyMarket.BountyRejected.selector
            || selector == IBountyMarket.ClaimSlashed.selector;
        return paysForBounty ? uint256(logs[0].topics[1]) : 0;
    }

    function _move(uint256 bountyId, address from, address to, uint256 amount) private {
        _gained[bountyId][from] -= amount.toInt256();
        _gained[bountyId][to] += amount.toInt256();
    }

    function _account(bytes32 topic) private pure returns (address) {
        return address(uint160(uint256(topic)));
    }
}
