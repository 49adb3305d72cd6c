// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentRegistry} from "../../../../contracts/AgentRegistry.sol";
import {AgentStaking} from "../../../../contracts/AgentStaking.sol";
import {BountyMarket} from "../../../../contracts/BountyMarket.sol";
import {MockUSDC} from "../../../../contracts/mocks/MockUSDC.sol";

/// @notice Owns two agents, and abandons and claims again in one transaction, with the agents in turn.
contract KeptClaim {
    BountyMarket private immutable MARKET;
    AgentRegistry private immutable REGISTRY;
    MockUSDC private immutable USDC;

    uint256[2] private _agents;
    uint256 private _turn;

    constructor(BountyMarket market, AgentRegistry registry, MockUSDC usdc) {
        MARKET = market;
        REGISTRY = registry;
        USDC = usdc;
    }

    function prepare(uint256 amount) external {
        AgentStaking staking = AgentStaking(MARKET.STAKING());
        USDC.approve(address(staking), type(uint256).max);
        for (uint256 i = 0; i < 2; ++i) {
            _agents[i] = REGISTRY.register("ipfs://keeper");
            staking.stake(_agents[i], amount);
        }
    }

    function claim(uint256 bountyId) external {
        _claim(bountyId);
    }

    function keep(uint256 bountyId) external {
        MARKET.abandonClaim(bountyId);
        _claim(bountyId);
    }

    function abandon(uint256 bountyId) external {
        MARKET.abandonClaim(bountyId);
    }

    function _claim(uint256 bountyId) private {
        MARKET.claimBounty(bountyId, _agents[_turn]);
        _turn = 1 - _turn;
    }

    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC721Received.selector;
    }
}
