// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ActingReceiver} from "../adversarial/support/ActingReceiver.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {ClaimSigner} from "../support/ClaimSigner.sol";
import {CanonicalAgents} from "./CanonicalAgents.sol";
import {IERC8004} from "./IERC8004.sol";

/// @notice What only the canonical registry has: an agent 0, and a mint whose receiver acts before its events.
contract CanonicalAgentsTest is BountyMarketTest, CanonicalAgents, ClaimSigner {
    uint256 private constant ZERO = 0;
    uint256 private constant NEXT = 2;

    uint256 private bountyId;

    function setUp() public override {
        super.setUp();
        bountyId = _post();
        _fund(ownerOfZero, ZERO);
    }

    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }

    function test_AgentZeroIsOneLikeAnyOther() public {
        market.checkClaim(bountyId, ZERO, ownerOfZero);
        vm.startPrank(ownerOfZero);
        market.claimBounty(bountyId, ZERO);
        market.startWork(bountyId);
        market.submitWork(bountyId, DELIVERABLE);
        vm.stopPrank();
        _requestRevision(bountyId);
        vm.prank(ownerOfZero);
        market.submitWork(bountyId, DELIVERABLE);
        vm.expectEmit(address(staking));
        emit IAgentStaking.RunCompleted(ZERO, bountyId, REWARD, 1);
        _approve(bountyId);
        assertEq(usdc.balanceOf(ownerOfZero), REWARD);
        _assertStake(STAKE, 0);
    }

    function test_AgentZeroClaimsBySignature() public {
        (, uint256 key) = makeAddrAndKey("owner of agent 0");
        ClaimMessage memory message =
            ClaimMessage(bountyId, ZERO, ownerOfZero, 1, REWARD, LOCK, 7 days, address(0), START + 1 hours);
        bytes memory signature = sign(key, claimDigest(address(market), message));
        market.claimBountyWithSig(bountyId, ZERO, ownerOfZero, START + 1 hours, signature);
        assertEq(market.getBounty(bountyId).wallet, ownerOfZero);
    }

    function test_GivenAgentZeroSlashed_TheNextClaimIsByAnother() public {
        vm.prank(ownerOfZero);
        market.claimBounty(bountyId, ZERO);
        skip(7 days + 1);
        _slashExpired(bountyId);
        assertEq(uint256(staking.statusOf(ZERO)), uint256(IAgentStaking.Status.FROZEN));
        _claim(bountyId);
        assertEq(market.getBounty(bountyId).agentId, AGENT);
        assertEq(market.getBounty(bountyId).round, 2);
    }

    function test_RevertGiven_UnknownAgent() public {
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, NEXT));
        market.checkClaim(bountyId, NEXT, wallet);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, NEXT));
        vm.prank(wallet);
        market.claimBounty(bountyId, NEXT);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.AgentNotFound.selector, NEXT));
        vm.prank(wallet);
        staking.stake(NEXT, 1);
    }

    function test_GivenSoldInTheMiddleOfARun_WorkStaysAndStakeGoes() public {
        _claim(bountyId);
        _sell(stranger);
        _submit(bountyId);
        _approve(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
        vm.prank(stranger);
        staking.unstake(AGENT, STAKE);
        assertEq(usdc.balanceOf(stranger), STAKE);
    }

    /// @dev The receiver claims before any event about its agent.
    function test_WhenReceiverOfAMintClaims_TheClaimStands() public {
        ActingReceiver receiver = _receiver();
        receiver.prepare(address(staking), abi.encodeCall(IAgentStaking.stake, (NEXT, STAKE)));
        receiver.prepare(address(market), abi.encodeCall(IBountyMarket.claimBounty, (bountyId, NEXT)));
        receiver.act(address(registry), abi.encodeWithSignature("register()"));
        assertEq(market.getBounty(bountyId).agentId, NEXT);
        assertEq(market.getBounty(bountyId).wallet, address(receiver));
    }

    /// @dev The last event then names a wallet that the registry no longer has. The market calls the registry.
    function test_WhenReceiverOfAMintSellsTheAgent_TheBuyerIsItsWallet() public {
        ActingReceiver receiver = _receiver();
        receiver.prepare(address(registry), abi.encodeCall(IERC721.transferFrom, (address(receiver), stranger, NEXT)));
        vm.expectEmit(address(registry));
        emit IERC8004.Registered(NEXT, "", address(receiver));
        vm.expectEmit(address(registry));
        emit IERC8004.MetadataSet(NEXT, "agentWallet", "agentWallet", abi.encodePacked(receiver));
        receiver.act(address(registry), abi.encodeWithSignature("register()"));

        assertEq(registry.ownerOf(NEXT), stranger);
        _fund(stranger, NEXT);
        vm.expectRevert(
            abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, NEXT, address(receiver), stranger)
        );
        market.checkClaim(bountyId, NEXT, address(receiver));
        market.checkClaim(bountyId, NEXT, stranger);
    }

    function _fund(address account, uint256 agentId) private {
        _stakeAs(account, agentId, STAKE);
    }

    function _receiver() private returns (ActingReceiver receiver) {
        receiver = new ActingReceiver();
        usdc.mint(address(receiver), STAKE);
        receiver.act(address(usdc), abi.encodeCall(usdc.approve, (address(staking), STAKE)));
    }
}
