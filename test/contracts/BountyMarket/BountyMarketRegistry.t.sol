// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {AgentStaking} from "../../../contracts/AgentStaking.sol";
import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {IAgentRegistry} from "../../../contracts/interfaces/IAgentRegistry.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {ScriptedRegistry} from "../support/Registries.sol";

/// @notice A market on a registry of another owner, with ids from 0, which may fail.
contract BountyMarketRegistryTest is BountyMarketTest {
    ScriptedRegistry private foreign = new ScriptedRegistry();

    function setUp() public override {
        super.setUp();
        market = new BountyMarket(address(usdc), address(foreign), treasury, admin, MAX_REWARD, new address[](0));
        staking = AgentStaking(market.STAKING());
        _answer(abi.encode(wallet), abi.encode(owner));
        _approveContracts();
        vm.prank(owner);
        staking.stake(0, STAKE);
    }

    function test_AgentZeroCanDoARun() public {
        uint256 bountyId = _post();
        market.checkClaim(bountyId, 0, wallet);
        _expectEvent();
        emit IBountyMarket.BountyClaimed(bountyId, 0, wallet, LOCK, 1, START + 7 days);
        _claimZero(bountyId);
        _submit(bountyId);
        _expectEvent();
        emit IBountyMarket.BountyApproved(bountyId, 0, wallet, REWARD, FEE, poster, 1);
        _approve(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function test_LargestAgentIdThatFitsCanClaim() public {
        uint256 bountyId = _post();
        uint256 largest = type(uint40).max;
        vm.prank(owner);
        staking.stake(largest, STAKE);
        market.checkClaim(bountyId, largest, wallet);
        vm.prank(wallet);
        market.claimBounty(bountyId, largest);
        assertEq(market.getBounty(bountyId).agentId, largest);
    }

    function test_RevertGiven_AgentIdDoesNotFit_ThoughRegistryAndStakingKnowIt() public {
        uint256 bountyId = _post();
        uint256 tooLarge = uint256(type(uint40).max) + 1;
        vm.prank(owner);
        staking.stake(tooLarge, STAKE);
        bytes memory reason = abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, tooLarge);
        vm.expectRevert(reason);
        market.checkClaim(bountyId, tooLarge, wallet);
        vm.expectRevert(reason);
        vm.prank(wallet);
        market.claimBounty(bountyId, tooLarge);
    }

    function test_RevertGiven_RegistryGivesNoAnswer_WhenClaimed() public {
        uint256 bountyId = _post();
        _break();
        bytes memory reason = abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, 0);
        vm.expectRevert(reason);
        market.checkClaim(bountyId, 0, wallet);
        vm.expectRevert(reason);
        _claimZero(bountyId);
    }

    function test_GivenBrokenRegistry_LiveRunIsApproved() public {
        uint256 bountyId = _postClaimedByZero();
        _start(bountyId);
        _submit(bountyId);
        _requestRevision(bountyId);
        _submit(bountyId);
        _approve(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
        assertEq(market.owed(treasury), FEE);
    }

    function test_GivenBrokenRegistry_LiveRunIsFinalized() public {
        uint256 bountyId = _postClaimedByZero();
        _submit(bountyId);
        vm.warp(START + 7 days + 1);
        market.finalizeReview(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function test_GivenBrokenRegistry_LiveRunIsRejected() public {
        uint256 bountyId = _postClaimedByZero();
        _submit(bountyId);
        for (uint256 i = 0; i < 3; ++i) {
            _requestRevision(bountyId);
            _submit(bountyId);
        }
        _reject(bountyId);
        assertEq(usdc.balanceOf(BURN), FEE + LOCK);
    }

    function test_GivenBrokenRegistry_LiveRunIsSlashed() public {
        uint256 bountyId = _postClaimedByZero();
        _close(bountyId);
        vm.warp(START + 7 days + 1);
        _slashExpired(bountyId);
        assertEq(usdc.balanceOf(poster), FUNDS);
    }

    function _postClaimedByZero() private returns (uint256 bountyId) {
        bountyId = _post();
        _claimZero(bountyId);
        _break();
    }

    function _claimZero(uint256 bountyId) private {
        vm.prank(wallet);
        market.claimBounty(bountyId, 0);
    }

    function _answer(bytes memory agentWallet, bytes memory agentOwner) private {
        foreign.script(IAgentRegistry.getAgentWallet.selector, agentWallet, false);
        foreign.script(IERC721.ownerOf.selector, agentOwner, false);
    }

    function _break() private {
        foreign.script(IAgentRegistry.getAgentWallet.selector, "broken", true);
        foreign.script(IERC721.ownerOf.selector, "broken", true);
    }
}
