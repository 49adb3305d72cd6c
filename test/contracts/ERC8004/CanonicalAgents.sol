// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {Test} from "../support/Test.sol";
import {CanonicalRegistry} from "./CanonicalRegistry.sol";

/// @title CanonicalAgents
/// @notice A canonical registry that the market's tests use instead of ours.
abstract contract CanonicalAgents is Test {
    address internal ownerOfZero = makeAddr("owner of agent 0");

    /// @dev `owner` has agent 1; agent 0 has another owner. The functions that the tests call on our registry have the
    /// same signatures here.
    function _deployCanonicalRegistry(address owner) internal returns (AgentRegistry) {
        CanonicalRegistry canonical = new CanonicalRegistry();
        vm.prank(ownerOfZero);
        canonical.register("ipfs://agent-0");
        vm.prank(owner);
        canonical.register("ipfs://agent");
        return AgentRegistry(address(canonical));
    }
}
