// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentWalletSigner} from "../support/AgentWalletSigner.sol";
import {Vm} from "../support/Vm.sol";
import {IERC8004} from "./IERC8004.sol";

/// @title ERC8004Test
/// @notice A registry that claims to be an ERC-8004 identity registry, and one of its agents. The ERC does not say with
/// which error a call is refused, so the tests check only that it is refused.
abstract contract ERC8004Test is AgentWalletSigner {
    IERC8004 internal registry;
    address internal owner = makeAddr("agent owner");
    address internal approved = makeAddr("approved for the agent");
    address internal operator = makeAddr("operator of the owner");
    address internal stranger = makeAddr("stranger");
    address internal wallet;
    uint256 internal walletKey;
    uint256 internal agentId;

    function setUp() public virtual {
        vm.warp(1_750_000_000);
        (wallet, walletKey) = makeAddrAndKey("agent wallet");
        registry = _deploy();
        vm.startPrank(owner);
        agentId = registry.register("ipfs://agent");
        registry.approve(approved, agentId);
        registry.setApprovalForAll(operator, true);
        vm.stopPrank();
    }

    function _deploy() internal virtual returns (IERC8004);

    function _setWallet() internal {
        uint256 deadline = vm.getBlockTimestamp();
        vm.prank(owner);
        registry.setAgentWallet(agentId, wallet, deadline, _walletSignature(owner, deadline));
    }

    /// @dev The wallet's signature for `agentOwner`, who makes the call.
    function _walletSignature(address agentOwner, uint256 deadline) internal view returns (bytes memory) {
        return sign(walletKey, agentWalletDigest(address(registry), agentId, wallet, agentOwner, deadline));
    }

    /// @dev Expects `MetadataSet` for the reserved key.
    function _expectWalletSet(bytes memory value) internal {
        vm.expectEmit(address(registry));
        emit IERC8004.MetadataSet(agentId, "agentWallet", "agentWallet", value);
    }

    /// @dev The number of recorded logs of the event with this signature.
    function _count(Vm.Log[] memory logs, string memory signature) internal pure returns (uint256 count) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == keccak256(bytes(signature))) ++count;
        }
    }

    /// @dev Whether the recorded logs contain `MetadataSet` with these arguments, encoded as the ERC says.
    function _hasMetadataSet(Vm.Log[] memory logs, uint256 id, string memory key, bytes memory value)
        internal
        pure
        returns (bool)
    {
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32[] memory topics = logs[i].topics;
            if (topics[0] != keccak256("MetadataSet(uint256,string,string,bytes)")) continue;
            bool indexed_ = topics.length == 3 && topics[1] == bytes32(id) && topics[2] == keccak256(bytes(key));
            if (indexed_ && keccak256(logs[i].data) == keccak256(abi.encode(key, value))) return true;
        }
        return false;
    }
}
