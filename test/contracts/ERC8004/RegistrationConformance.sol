// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Vm} from "../support/Vm.sol";
import {ERC8004Test} from "./ERC8004Test.sol";
import {IERC8004} from "./IERC8004.sol";

/// @notice The ERC's "Registration", "Update agentURI" and "On-chain metadata".
abstract contract RegistrationConformance is ERC8004Test {
    string private constant REGISTERED = "Registered(uint256,string,address)";
    string private constant TRANSFER = "Transfer(address,address,uint256)";
    string private constant METADATA_SET = "MetadataSet(uint256,string,string,bytes)";

    /// @dev "The ERC-721 tokenId assigned incrementally by the registry."
    function test_IdsAreAssignedIncrementally() public {
        vm.startPrank(stranger);
        assertEq(registry.register(), agentId + 1);
        assertEq(registry.register("ipfs://second"), agentId + 2);
        assertEq(registry.register("ipfs://third", new IERC8004.MetadataEntry[](0)), agentId + 3);
    }

    /// @dev "agentURI is added later with setAgentURI()."
    function test_WhenRegisteredWithoutURI_ItIsEmpty() public {
        vm.recordLogs();
        vm.prank(stranger);
        uint256 id = registry.register();
        assertEq(registry.tokenURI(id), "");
        _assertRegistered(id, "", 1);
    }

    function test_WhenRegisteredWithURI_ItIsTheTokens() public {
        vm.recordLogs();
        vm.prank(stranger);
        uint256 id = registry.register("ipfs://second");
        assertEq(registry.tokenURI(id), "ipfs://second");
        _assertRegistered(id, "ipfs://second", 1);
    }

    function test_WhenRegisteredWithMetadata_OneEventTellsOfEachEntry() public {
        IERC8004.MetadataEntry[] memory metadata = new IERC8004.MetadataEntry[](2);
        metadata[0] = IERC8004.MetadataEntry("model", "one");
        metadata[1] = IERC8004.MetadataEntry("", hex"00ff");
        vm.recordLogs();
        vm.prank(stranger);
        uint256 id = registry.register("data:,{}", metadata);

        Vm.Log[] memory logs = _assertRegistered(id, "data:,{}", 3);
        assertTrue(_hasMetadataSet(logs, id, "model", "one"));
        assertTrue(_hasMetadataSet(logs, id, "", hex"00ff"));
        assertEq(registry.getMetadata(id, "model"), "one");
        assertEq(registry.getMetadata(id, ""), hex"00ff");
    }

    /// @dev "Reserved and cannot be set … during register() (including the metadata array overload)."
    function test_RevertWhen_RegisteringWithTheReservedKey() public {
        IERC8004.MetadataEntry[] memory metadata = new IERC8004.MetadataEntry[](1);
        metadata[0] = IERC8004.MetadataEntry("agentWallet", abi.encodePacked(stranger));
        vm.expectRevert();
        vm.prank(stranger);
        registry.register("", metadata);
    }

    /// @dev "The owner … can … delegate management (e.g., updating the registration file) to operators."
    function test_OwnerApprovedAndOperatorMayMoveTheURI() public {
        address[3] memory managers = [owner, approved, operator];
        for (uint256 i = 0; i < managers.length; ++i) {
            string memory uri = vm.toString(managers[i]);
            vm.expectEmit(address(registry));
            emit IERC8004.URIUpdated(agentId, uri, managers[i]);
            vm.prank(managers[i]);
            registry.setAgentURI(agentId, uri);
            assertEq(registry.tokenURI(agentId), uri);
        }
    }

    function test_RevertWhen_AStrangerMovesTheURI() public {
        vm.expectRevert();
        vm.prank(stranger);
        registry.setAgentURI(agentId, "ipfs://stolen");
    }

    function test_OwnerApprovedAndOperatorMaySetMetadata() public {
        address[3] memory managers = [owner, approved, operator];
        for (uint256 i = 0; i < managers.length; ++i) {
            bytes memory value = abi.encode(managers[i]);
            vm.recordLogs();
            vm.prank(managers[i]);
            registry.setMetadata(agentId, "model", value);
            Vm.Log[] memory logs = vm.getRecordedLogs();
            assertEq(logs.length, 1);
            assertTrue(_hasMetadataSet(logs, agentId, "model", value));
            assertEq(registry.getMetadata(agentId, "model"), value);
        }
    }

    function test_RevertWhen_AStrangerSetsMetadata() public {
        vm.expectRevert();
        vm.prank(stranger);
        registry.setMetadata(agentId, "model", "stolen");
    }

    function test_RevertWhen_SettingTheReservedKey() public {
        vm.expectRevert();
        vm.prank(owner);
        registry.setMetadata(agentId, "agentWallet", abi.encodePacked(stranger));
    }

    /// @dev "One Transfer event, one MetadataSet event for the reserved agentWallet key, one MetadataSet event for each
    /// additional metadata entry (if any), and Registered." The wallet "is initially set to the owner's address".
    function _assertRegistered(uint256 id, string memory uri, uint256 metadataSet)
        private
        returns (Vm.Log[] memory logs)
    {
        logs = vm.getRecordedLogs();
        assertEq(_count(logs, TRANSFER), 1, TRANSFER);
        assertEq(_count(logs, METADATA_SET), metadataSet, METADATA_SET);
        assertTrue(_hasMetadataSet(logs, id, "agentWallet", abi.encodePacked(stranger)), "the wallet's MetadataSet");
        assertEq(_count(logs, REGISTERED), 1, REGISTERED);
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != keccak256(bytes(REGISTERED))) continue;
            assertEq(logs[i].topics.length, 3);
            assertEq(logs[i].topics[1], bytes32(id), "agentId");
            assertEq(logs[i].topics[2], bytes32(uint256(uint160(stranger))), "owner");
            assertEq(logs[i].data, abi.encode(uri), "agentURI");
        }
        assertEq(registry.ownerOf(id), stranger);
        assertEq(registry.getAgentWallet(id), stranger);
    }
}
