// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {IAgentRegistry} from "../../../contracts/interfaces/IAgentRegistry.sol";
import {
    ConfusedReceiver,
    ForwardingReceiver,
    ReenteringReceiver,
    RefusingReceiver,
    WatchingReceiver
} from "../support/AgentReceivers.sol";
import {PlainCode} from "../support/ContractWallets.sol";
import {Test} from "../support/Test.sol";
import {Vm} from "../support/Vm.sol";

contract RegistrationTest is Test {
    AgentRegistry private registry;
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");

    function setUp() public {
        registry = new AgentRegistry();
    }

    function test_GivenNoAgent_WhenRegistering_IdIsOneAndWalletIsTheOwner() public {
        _expectRegistered(1, "", alice);
        vm.prank(alice);
        uint256 agentId = registry.register();

        assertEq(agentId, 1);
        assertEq(registry.ownerOf(1), alice);
        assertEq(registry.balanceOf(alice), 1);
        assertEq(registry.tokenURI(1), "");
        assertEq(registry.getAgentWallet(1), alice);
        assertEq(registry.getMetadata(1, "agentWallet"), abi.encodePacked(alice));
    }

    function test_GivenAgents_WhenRegisteringWithURI_IdIsTheNext() public {
        vm.prank(alice);
        registry.register();

        _expectRegistered(2, "ipfs://agent", bob);
        vm.prank(bob);
        uint256 agentId = registry.register("ipfs://agent");

        assertEq(agentId, 2);
        assertEq(registry.ownerOf(2), bob);
        assertEq(registry.tokenURI(2), "ipfs://agent");
        assertEq(registry.getAgentWallet(2), bob);
    }

    function test_WhenRegisteringWithMetadata_EveryEntryIsStoredInOrder() public {
        IAgentRegistry.MetadataEntry[] memory metadata = new IAgentRegistry.MetadataEntry[](3);
        metadata[0] = IAgentRegistry.MetadataEntry("model", "one");
        metadata[1] = IAgentRegistry.MetadataEntry("", hex"00ff");
        metadata[2] = IAgentRegistry.MetadataEntry("model", "two");

        _expectRegistered(1, "data:,{}", alice);
        for (uint256 i = 0; i < metadata.length; ++i) {
            vm.expectEmit(address(registry));
            emit IAgentRegistry.MetadataSet(
                1, metadata[i].metadataKey, metadata[i].metadataKey, metadata[i].metadataValue
            );
        }
        vm.recordLogs();
        vm.prank(alice);
        uint256 agentId = registry.register("data:,{}", metadata);

        assertEq(agentId, 1);
        assertEq(vm.getRecordedLogs().length, 7);
        assertEq(registry.getMetadata(1, "model"), "two");
        assertEq(registry.getMetadata(1, ""), hex"00ff");
        assertEq(registry.getAgentWallet(1), alice);
    }

    function test_RevertWhen_RegisteringWithReservedKey() public {
        IAgentRegistry.MetadataEntry[] memory metadata = new IAgentRegistry.MetadataEntry[](2);
        metadata[0] = IAgentRegistry.MetadataEntry("model", "one");
        metadata[1] = IAgentRegistry.MetadataEntry("agentWallet", abi.encodePacked(bob));

        vm.expectRevert(abi.encodeWithSelector(IAgentRegistry.ReservedMetadataKey.selector, 1, "agentWallet"));
        vm.prank(alice);
        registry.register("", metadata);
    }

    function test_WhenRegisteringForAnother_CallerKeepsNoRight() public {
        _expectRegistered(1, "ipfs://agent", alice);
        vm.prank(bob);
        uint256 agentId = registry.registerFor(alice, "ipfs://agent");

        assertEq(agentId, 1);
        assertEq(registry.ownerOf(1), alice);
        assertEq(registry.getAgentWallet(1), alice);
        assertEq(registry.balanceOf(bob), 0);
        vm.expectRevert(abi.encodeWithSelector(IAgentRegistry.NotAgentOwnerOrApproved.selector, 1, bob));
        vm.prank(bob);
        registry.setAgentURI(1, "");
    }

    function test_RevertWhen_RegisteringForZeroAddress() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(0)));
        registry.registerFor(address(0), "");
    }

    function test_GivenContract_WhenRegistering_CallbackSeesTheCompleteAgent() public {
        WatchingReceiver receiver = new WatchingReceiver();
        IAgentRegistry.MetadataEntry[] memory metadata = new IAgentRegistry.MetadataEntry[](1);
        metadata[0] = IAgentRegistry.MetadataEntry("model", "one");

        receiver.register(registry, "ipfs://agent", metadata);

        assertEq(receiver.operator(), address(receiver));
        assertEq(receiver.from(), address(0));
        assertEq(receiver.agentId(), 1);
        assertEq(receiver.data(), "");
        assertEq(receiver.ownerSeen(), address(receiver));
        assertEq(receiver.walletSeen(), address(receiver));
        assertEq(receiver.agentURISeen(), "ipfs://agent");
        assertEq(receiver.metadataSeen(), "one");
    }

    function test_GivenContract_WhenRegisteringForIt_CallbackNamesTheCallerAsOperator() public {
        WatchingReceiver receiver = new WatchingReceiver();
        vm.prank(bob);
        registry.registerFor(address(receiver), "");
        assertEq(receiver.operator(), bob);
    }

    function test_RevertGiven_ContractWithoutCallback() public {
        address receiver = address(new PlainCode());
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, receiver));
        registry.registerFor(receiver, "");
    }

    function test_RevertGiven_ContractThatRefuses() public {
        address receiver = address(new RefusingReceiver());
        vm.expectRevert(abi.encodeWithSelector(RefusingReceiver.AgentRefused.selector, 1));
        registry.registerFor(receiver, "");
    }

    function test_RevertGiven_ContractThatAnswersWrongly() public {
        address receiver = address(new ConfusedReceiver());
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, receiver));
        registry.registerFor(receiver, "");
    }

    function test_GivenContractThatGivesTheAgentAway_LogsReplayToTheState() public {
        address receiver = address(new ForwardingReceiver(bob));

        vm.recordLogs();
        registry.registerFor(receiver, "ipfs://agent");

        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 6);
        assertEq(logs[2].topics[0], IAgentRegistry.Registered.selector);
        assertEq(logs[2].topics[2], bytes32(uint256(uint160(receiver))));
        assertEq(logs[3].topics[0], IAgentRegistry.MetadataSet.selector);
        assertEq(logs[3].data, abi.encode("agentWallet", abi.encodePacked(receiver)));
        assertEq(logs[4].topics[0], IERC721.Transfer.selector);
        assertEq(logs[4].topics[2], bytes32(uint256(uint160(bob))));
        assertEq(logs[5].topics[0], IAgentRegistry.MetadataSet.selector);
        assertEq(logs[5].data, abi.encode("agentWallet", ""));
        assertEq(registry.ownerOf(1), bob);
        assertEq(registry.getAgentWallet(1), address(0));
    }

    function test_GivenContractThatReenters_FirstAgentIsCompleteBeforeTheSecondBegins() public {
        ReenteringReceiver receiver = new ReenteringReceiver();

        vm.recordLogs();
        uint256 agentId = registry.registerFor(address(receiver), "ipfs://first");

        Vm.Log[] memory logs = vm.getRecordedLogs();
        // Four events for each agent, then the new URI (two) and the cleared wallet of the first.
        assertEq(logs.length, 11);
        assertEq(logs[2].data, abi.encode("ipfs://first"));
        assertEq(logs[3].topics[1], bytes32(uint256(1)));
        assertEq(logs[3].data, abi.encode("agentWallet", abi.encodePacked(receiver)));
        assertEq(logs[4].topics[0], IERC721.Transfer.selector);
        assertEq(logs[4].topics[3], bytes32(uint256(2)));
        assertEq(logs[6].data, abi.encode("ipfs://second"));
        assertEq(logs[9].data, abi.encode("ipfs://changed"));
        assertEq(agentId, 1);
        assertEq(receiver.received(), 2);
        assertEq(registry.tokenURI(1), "ipfs://changed");
        assertEq(registry.getAgentWallet(1), address(0));
        assertEq(registry.tokenURI(2), "ipfs://second");
        assertEq(registry.getAgentWallet(2), address(receiver));
    }

    function _expectRegistered(uint256 agentId, string memory agentURI, address owner) private {
        vm.expectEmit(address(registry));
        emit IERC721.Transfer(address(0), owner, agentId);
        vm.expectEmit(address(registry));
        emit IERC4906.MetadataUpdate(agentId);
        vm.expectEmit(address(registry));
        emit IAgentRegistry.Registered(agentId, agentURI, owner);
        vm.expectEmit(address(registry));
        emit IAgentRegistry.MetadataSet(agentId, "agentWallet", "agentWallet", abi.encodePacked(owner));
    }
}
