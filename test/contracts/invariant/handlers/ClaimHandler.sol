// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Dice} from "../Dice.sol";
import {Handler} from "./Handler.sol";

/// @notice Claims by an agent's wallet and by the relayer, each compared with `checkClaim` just before (I8).
abstract contract ClaimHandler is Handler {
    constructor() {
        for (uint256 status = 0; status <= uint256(type(IAgentStaking.Status).max); ++status) {
            _mustHappen(_triedBy(IAgentStaking.Status(status)));
        }
    }

    function claim(uint256 seed) external {
        Dice memory dice = Dice(seed);
        (uint256 bountyId, uint256 agentId) = _claimable(dice);
        if (bountyId == NONE_FITS) return;
        address caller = _caller(dice, _walletOf(agentId));
        bytes memory expected = _refusal(bountyId, agentId, caller);
        _claimExpecting(expected, agentId, caller, abi.encodeCall(market.claimBounty, (bountyId, agentId)));
    }

    function claimFor(uint256 seed) external {
        Dice memory dice = Dice(seed);
        (uint256 bountyId, uint256 agentId) = _claimable(dice);
        if (bountyId == NONE_FITS) return;
        address wallet = _caller(dice, _walletOf(agentId));
        address caller = _caller(dice, relayer);
        bytes memory expected = caller == relayer ? _refusal(bountyId, agentId, wallet) : _noRelayer(caller);
        _claimExpecting(expected, agentId, caller, abi.encodeCall(market.claimBountyFor, (bountyId, agentId, wallet)));
    }

    /// @dev An open bounty and an agent that may claim it, if there are any; one time in four any agent.
    function _claimable(Dice memory dice) internal view returns (uint256 bountyId, uint256 agentId) {
        bountyId = _bountyIn(dice, _isOpen);
        agentId = _agent(dice);
        if (dice.roll(4) == 0) return (bountyId, agentId);
        for (uint256 i = 0; i < OWNERS && _refusal(bountyId, agentId, _walletOf(agentId)).length > 0; ++i) {
            agentId = agents[i];
        }
    }

    /// @param expected The error, empty if the claim must succeed.
    function _claimExpecting(bytes memory expected, uint256 agentId, address caller, bytes memory data) internal {
        IAgentStaking.Status status = staking.statusOf(agentId);
        (bool ok, bytes memory answer) = _act(caller, address(market), data);
        if (ok) answer = "";
        _assertInvariant(8, keccak256(answer) == keccak256(expected), "a claim answers otherwise than checkClaim");
        _count(_triedBy(status));
    }

    /// @return The error of `checkClaim`, empty if there is none.
    function _refusal(uint256 bountyId, uint256 agentId, address wallet) internal view returns (bytes memory) {
        bytes memory data = abi.encodeCall(market.checkClaim, (bountyId, agentId, wallet));
        (bool ok, bytes memory answer) = address(market).staticcall{gas: TX_GAS}(data);
        return ok ? bytes("") : answer;
    }

    function _noRelayer(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBountyMarket.NotRelayer.selector, caller);
    }

    function _triedBy(IAgentStaking.Status status) private pure returns (bytes32) {
        string[5] memory names = ["UNVERIFIED", "PROVISIONAL", "ESTABLISHED", "FROZEN", "BANNED"];
        return bytes32(bytes(string.concat("claim tried by ", names[uint256(status)])));
    }
}
