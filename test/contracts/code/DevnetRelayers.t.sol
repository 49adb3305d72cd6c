// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {RelayedMarketTest} from "../support/RelayedMarketTest.sol";

contract DevnetRelayersTest is RelayedMarketTest {
    function test_GivenRelayer_BountyIsClaimedForTheWallet() public {
        // So that the id of the bounty is not that of the agent.
        _post();
        uint256 bountyId = _post();
        _expectEvent();
        emit IBountyMarket.BountyClaimed(bountyId, AGENT, wallet, LOCK, 1, START + 7 days);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeLocked(AGENT, bountyId, LOCK, LOCK);
        _claimFor(bountyId, wallet);
        _assertBounty(bountyId, _claimed(CLAIMED, START));
    }

    function test_RevertGiven_AnotherWallet() public {
        uint256 bountyId = _post();
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, AGENT, relayer, wallet));
        _claimFor(bountyId, relayer);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, AGENT, address(0), wallet));
        _claimFor(bountyId, address(0));
    }

    function test_RevertGiven_FrozenAgent() public {
        uint256 bountyId = _postClaimed();
        vm.warp(START + 7 days + 1);
        _slashExpired(bountyId);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.AgentIsFrozen.selector, AGENT));
        _claimFor(bountyId, wallet);
    }

    function _claimFor(uint256 bountyId, address claimer) private {
        vm.prank(relayer);
        market.claimBountyFor(bountyId, AGENT, claimer);
    }
}
