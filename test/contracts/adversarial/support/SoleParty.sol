// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentRegistry} from "../../../../contracts/AgentRegistry.sol";
import {AgentStaking} from "../../../../contracts/AgentStaking.sol";
import {BountyMarket} from "../../../../contracts/BountyMarket.sol";
import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {MockUSDC} from "../../../../contracts/mocks/MockUSDC.sol";

/// @notice One contract is poster, agent, wallet and evaluator, and leads a run to its end in one transaction.
contract SoleParty {
    BountyMarket private immutable MARKET;
    AgentStaking private immutable STAKING;
    uint256 private immutable AGENT;

    constructor(BountyMarket market, AgentRegistry registry, MockUSDC usdc) {
        MARKET = market;
        STAKING = AgentStaking(market.STAKING());
        AGENT = registry.registerFor(address(this), "ipfs://sole");
        usdc.approve(address(MARKET), type(uint256).max);
        usdc.approve(address(STAKING), type(uint256).max);
    }

    function complete(uint256 reward, uint256 stake) external {
        uint256 bountyId = _postClaimed(reward, stake);
        MARKET.submitWork(bountyId, "ipfs://work");
        MARKET.approveWork(bountyId, 0);
        STAKING.unstake(AGENT, stake);
    }

    function reject(uint256 reward, uint256 stake, uint256 lost) external {
        uint256 bountyId = _postClaimed(reward, stake);
        MARKET.submitWork(bountyId, "ipfs://work");
        for (uint256 revision = 0; revision < 3; ++revision) {
            MARKET.requestRevision(bountyId, "ipfs://again");
            MARKET.submitWork(bountyId, "ipfs://work");
        }
        MARKET.rejectWork(bountyId);
        STAKING.unstake(AGENT, stake - lost);
    }

    /// @dev Closes, so that the abandoned run is a DRAFT, and funds and withdraws it once more.
    function giveUp(uint256 reward, uint256 stake, uint256 lost) external {
        uint256 bountyId = _postClaimed(reward, stake);
        MARKET.closeBounty(bountyId);
        MARKET.abandonClaim(bountyId);
        MARKET.fundBounty(bountyId);
        MARKET.closeBounty(bountyId);
        STAKING.unstake(AGENT, stake - lost);
    }

    function _postClaimed(uint256 reward, uint256 stake) private returns (uint256 bountyId) {
        STAKING.stake(AGENT, stake);
        bountyId = MARKET.postBounty(
            "ipfs://own", reward, uint64(block.timestamp + 1), IBountyMarket.Terms(0, 0, address(0), address(0))
        );
        MARKET.claimBounty(bountyId, AGENT);
    }
}
