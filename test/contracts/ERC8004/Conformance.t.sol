// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {Vm} from "../support/Vm.sol";
import {CanonicalRegistry} from "./CanonicalRegistry.sol";
import {IERC8004} from "./IERC8004.sol";
import {RegistrationConformance} from "./RegistrationConformance.sol";
import {TokenConformance} from "./TokenConformance.sol";
import {WalletConformance} from "./WalletConformance.sol";

/// @notice Our registry is an ERC-8004 identity registry.
contract AgentRegistryConformanceTest is RegistrationConformance, TokenConformance, WalletConformance {
    function _deploy() internal override returns (IERC8004) {
        return IERC8004(address(new AgentRegistry()));
    }

    function test_IdsStartAtOne() public view {
        assertEq(agentId, 1);
    }
}

/// @notice The registry that stands in for the canonical one is an ERC-8004 identity registry too.
contract CanonicalRegistryConformanceTest is RegistrationConformance, TokenConformance, WalletConformance {
    function _deploy() internal override returns (IERC8004) {
        return IERC8004(address(new CanonicalRegistry()));
    }

    function test_IdsStartAtZero() public view {
        assertEq(agentId, 0);
    }

    function test_LogsInItsOwnOrder() public {
        vm.recordLogs();
        vm.startPrank(owner);
        registry.register("ipfs://second");
        registry.transferFrom(owner, stranger, agentId);
        vm.stopPrank();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[6] memory order = [
            keccak256("Transfer(address,address,uint256)"),
            keccak256("MetadataUpdate(uint256)"),
            IERC8004.Registered.selector,
            IERC8004.MetadataSet.selector,
            IERC8004.MetadataSet.selector,
            keccak256("Transfer(address,address,uint256)")
        ];
        assertEq(logs.length, order.length);
        for (uint256 i = 0; i < order.length; ++i) {
            assertEq(logs[i].topics[0], order[i]);
        }
    }

    function test_RefusesWithATextOfItsOwn() public {
        vm.expectRevert("Not authorized");
        vm.prank(stranger);
        registry.unsetAgentWallet(agentId);
        vm.startPrank(owner);
        vm.expectRevert("reserved key");
        registry.setMetadata(agentId, "agentWallet", "");
        vm.expectRevert("bad wallet");
        registry.setAgentWallet(agentId, address(0), block.timestamp, "");
        vm.expectRevert("expired");
        registry.setAgentWallet(agentId, wallet, block.timestamp - 1, "");
        vm.expectRevert("deadline too far");
        registry.setAgentWallet(agentId, wallet, block.timestamp + 5 minutes + 1, "");
        vm.expectRevert("invalid wallet sig");
        registry.setAgentWallet(agentId, wallet, block.timestamp, "");
        vm.stopPrank();
    }
}
