// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {Vm} from "../support/Vm.sol";

/// @title Flows
/// @notice Attributes every USDC that moves for a bounty, from the token's own Transfer logs (I5).
abstract contract Flows {
    using SafeCast for uint256;

    mapping(uint256 bountyId => mapping(address account => int256)) private _gained;

    /// @notice Each account's gain from the bounty so far, in USDC base units. A deferred payment counts as the
    /// payee's, not as the market's.
    function gains(uint256 bountyId, address[] calldata accounts) external view returns (int256[] memory amounts) {
        amounts = new int256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            amounts[i] = _gained[bountyId][accounts[i]];
        }
    }

    /// @dev For each bounty, the market emits its event before it pays, and so does the staking contract. So every
    /// transfer belongs to the bounty of the last event, also where one transaction ends several runs.
    /// The fee of an approval by a party is the treasury's from then on, as a debt of the market.
    function _traceFlows(Vm.Log[] memory logs, address usdc, address market, address staking, address treasury)
        internal
    {
        uint256 bountyId = 0;
        uint256 lostStake = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32[] memory topics = logs[i].topics;
            if (logs[i].emitter == staking) {
                lostStake = _lostStake(lostStake, topics[0], logs[i].data);
            } else if (logs[i].emitter == market) {
                if (topics[0] == IBountyMarket.PaymentDeferred.selector) {
                    // Lost stake that could not be burned stays in the staking contract.
                    uint256 amount = abi.decode(logs[i].data, (uint256));
                    address from = lostStake > 0 ? staking : market;
                    _move(uint256(topics[1]), from, _account(topics[2]), amount);
                    lostStake = 0;
                } else if (topics[0] == IBountyMarket.PaymentCollected.selector) {
                    bountyId = 0;
                } else {
                    bountyId = uint256(topics[1]);
                    if (topics[0] == IBountyMarket.BountyApproved.selector) {
                        (, uint256 fee, address by) = abi.decode(logs[i].data, (uint256, uint256, address));
                        if (by != address(0)) _move(bountyId, market, treasury, fee);
                    }
                }
            } else if (logs[i].emitter == usdc && topics[0] == IERC20.Transfer.selector) {
                if (bountyId == 0) continue;
                _move(bountyId, _account(topics[1]), _account(topics[2]), abi.decode(logs[i].data, (uint256)));
                lostStake = 0;
            }
        }
    }

    /// @return The stake that the agent has just lost and no transfer shows yet. A freeze, a ban and the refused burn may
    /// come in between.
    function _lostStake(uint256 before, bytes32 selector, bytes memory data) private pure returns (uint256) {
        if (selector == IAgentStaking.StakeForfeited.selector || selector == IAgentStaking.Slashed.selector) {
            return abi.decode(data, (uint256));
        }
        bool marks = selector == IAgentStaking.AgentFrozen.selector || selector == IAgentStaking.AgentBanned.selector
            || selector == IAgentStaking.BurnDeferred.selector;
        return marks ? before : 0;
    }

    function _move(uint256 bountyId, address from, address to, uint256 amount) private {
        _gained[bountyId][from] -= amount.toInt256();
        _gained[bountyId][to] += amount.toInt256();
    }

    function _account(bytes32 topic) private pure returns (address) {
        return address(uint160(uint256(topic)));
    }
}
