// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {IAgentRegistry} from "../../../contracts/interfaces/IAgentRegistry.sol";
import {WatchingReceiver} from "../support/AgentReceivers.sol";
import {Test} from "../support/Test.sol";
import {Vm} from "../support/Vm.sol";

contract AgentRegistryTest is Test {
    AgentRegistry private registry;
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");

    function setUp() public {
        registry = new AgentRegistry();
        vm.prank(alice);
        registry.register("ipfs://agent");
    }

    function test_NameIsTheCanonicalRegistrys() public view {
        assertEq(registry.name(), "AgentIdentity");
        assertEq(registry.symbol(), "AGENT");
    }

    function test_WhenOwnerSetsAgentURI_TokenURIIsIt() public {
        _expectURIUpdated("https://agent.example/card.json", alice);
        vm.prank(alice);
        registry.setAgentURI(1, "https://agent.example/card.json");
        assertEq(registry.tokenURI(1), "https://agent.example/card.json");
    }

    function test_WhenApprovedClearsAgentURI_TokenURIIsEmpty() public {
        vm.prank(alice);
        registry.approve(bob, 1);
        _expectURIUpdated("", bob);
        vm.prank(bob);
        registry.setAgentURI(1, "");
        assertEq(registry.tokenURI(1), "");
    }

    /// @dev Every call about an agent that only its owner, an approved account or an operator may make.
    function test_RevertGiven_AnotherCallerOrAnUnknownAgent() public {
        for (uint256 agentId = 1; agentId <= 2; ++agentId) {
            bytes[4] memory calls = [
                abi.encodeCall(registry.setAgentURI, (agentId, "ipfs://new")),
                abi.encodeCall(registry.setMetadata, (agentId, "model", hex"c0ffee")),
                abi.encodeCall(registry.setAgentWallet, (agentId, bob, block.timestamp, "")),
                abi.encodeCall(registry.unsetAgentWallet, (agentId))
            ];
            bytes memory reason = agentId == 1
                ? abi.encodeWithSelector(IAgentRegistry.NotAgentOwnerOrApproved.selector, 1, bob)
                : abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 2);
            for (uint256 i = 0; i < calls.length; ++i) {
                vm.prank(bob);
                (bool done, bytes memory answer) = address(registry).call(calls[i]);
                assertFalse(done);
                assertEq(answer, reason);
            }
        }
    }

    function test_RevertGiven_UnknownAgent_WhenReadingTokenURI() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 0));
        registry.tokenURI(0);
    }

    function test_WhenApprovedSetsMetadata_ItIsReplaced() public {
        vm.startPrank(alice);
        registry.setMetadata(1, "model", hex"c0ffee");
        registry.approve(bob, 1);
        vm.stopPrank();
        vm.expectEmit(address(registry));
        emit IAgentRegistry.MetadataSet(1, "model", "model", "");
        vm.prank(bob);
        registry.setMetadata(1, "model", "");
        assertEq(registry.getMetadata(1, "model"), "");
    }

    function test_RevertWhen_OwnerSetsReservedMetadata() public {
        vm.expectRevert(abi.encodeWithSelector(IAgentRegistry.ReservedMetadataKey.selector, 1, "agentWallet"));
        vm.prank(alice);
        registry.setMetadata(1, "agentWallet", abi.encodePacked(bob));
    }

    function test_GivenUnknownAgentOrKey_MetadataIsEmpty() public view {
        assertEq(registry.getMetadata(1, "model"), "");
        assertEq(registry.getMetadata(2, "agentWallet"), "");
    }

    function test_WhenTransferred_WalletIsClearedAndTheRestStays() public {
        vm.prank(alice);
        registry.setMetadata(1, "model", hex"c0ffee");

        _expectTransfer(alice, bob);
        vm.prank(alice);
        registry.transferFrom(alice, bob, 1);

        assertEq(registry.ownerOf(1), bob);
        assertEq(registry.getAgentWallet(1), address(0));
        assertEq(registry.getMetadata(1, "agentWallet"), "");
        assertEq(registry.getMetadata(1, "model"), hex"c0ffee");
        assertEq(registry.tokenURI(1), "ipfs://agent");
    }

    function test_WhenTransferredSafely_ReceiverSeesTheClearedWallet() public {
        WatchingReceiver receiver = new WatchingReceiver();
        _expectTransfer(alice, address(receiver));
        vm.prank(alice);
        registry.safeTransferFrom(alice, address(receiver), 1);
        assertEq(receiver.ownerSeen(), address(receiver));
        assertEq(receiver.walletSeen(), address(0));
        assertEq(receiver.agentURISeen(), "ipfs://agent");
    }

    function test_WhenTransferredToItsOwner_WalletIsCleared() public {
        _expectTransfer(alice, alice);
        vm.prank(alice);
        registry.transferFrom(alice, alice, 1);
        assertEq(registry.getAgentWallet(1), address(0));
    }

    function test_GivenNoWallet_WhenTransferred_ClearingIsStillLogged() public {
        vm.startPrank(alice);
        registry.unsetAgentWallet(1);
        vm.recordLogs();
        registry.transferFrom(alice, bob, 1);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[1].data, abi.encode("agentWallet", ""));
    }

    function test_RevertGiven_StrangerTransfers_WalletStays() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, bob, 1));
        vm.prank(bob);
        registry.transferFrom(alice, bob, 1);
        assertEq(registry.getAgentWallet(1), alice);
    }

    function test_GivenApproval_WhenTransferred_FormerApprovedAndOwnerHaveNoRight() public {
        vm.prank(alice);
        registry.approve(bob, 1);
        vm.prank(bob);
        registry.transferFrom(alice, makeAddr("carol"), 1);

        address[2] memory former = [alice, bob];
        for (uint256 i = 0; i < former.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAgentRegistry.NotAgentOwnerOrApproved.selector, 1, former[i]));
            vm.prank(former[i]);
            registry.setAgentURI(1, "ipfs://stolen");
        }
    }

    function _expectURIUpdated(string memory newURI, address by) private {
        vm.expectEmit(address(registry));
        emit IERC4906.MetadataUpdate(1);
        vm.expectEmit(address(registry));
        emit IAgentRegistry.URIUpdated(1, newURI, by);
    }

    function _expectTransfer(address from, address to) private {
        vm.expectEmit(address(registry));
        emit IERC721.Transfer(from, to, 1);
        vm.expectEmit(address(registry));
        emit IAgentRegistry.MetadataSet(1, "agentWallet", "agentWallet", "");
    }
}
