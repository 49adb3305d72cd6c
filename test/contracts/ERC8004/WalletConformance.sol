// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {KeyedWallet, PlainCode} from "../support/ContractWallets.sol";
import {ERC8004Test} from "./ERC8004Test.sol";

/// @notice The ERC's text about `agentWallet`. It says only that the signature is EIP-712, or ERC-1271 for contracts.
/// Type, domain and the maximum of five minutes follow the deployed registry, so that wallet software that signs for
/// one can sign for the other.
abstract contract WalletConformance is ERC8004Test {
    function test_WalletIsInitiallyTheOwner() public view {
        assertEq(registry.getAgentWallet(agentId), owner);
        assertEq(registry.getMetadata(agentId, "agentWallet"), abi.encodePacked(owner));
    }

    function test_OwnerApprovedAndOperatorMaySetTheWalletWithItsSignature() public {
        address[3] memory managers = [owner, approved, operator];
        for (uint256 i = 0; i < managers.length; ++i) {
            (wallet, walletKey) = makeAddrAndKey(vm.toString(i));
            bytes memory signature = _walletSignature(owner, block.timestamp);
            _expectWalletSet(abi.encodePacked(wallet));
            vm.prank(managers[i]);
            registry.setAgentWallet(agentId, wallet, block.timestamp, signature);
            assertEq(registry.getAgentWallet(agentId), wallet);
            assertEq(registry.getMetadata(agentId, "agentWallet"), abi.encodePacked(wallet));
        }
    }

    function test_GivenContractWallet_ERC1271Counts() public {
        address safe = address(new KeyedWallet(wallet));
        bytes32 digest = agentWalletDigest(address(registry), agentId, safe, owner, block.timestamp);
        vm.prank(owner);
        registry.setAgentWallet(agentId, safe, block.timestamp, sign(walletKey, digest));
        assertEq(registry.getAgentWallet(agentId), safe);
    }

    function test_GivenDelegatedWallet_ItsKeyCounts() public {
        vm.signAndAttachDelegation(address(new PlainCode()), walletKey);
        _setWallet();
        assertEq(registry.getAgentWallet(agentId), wallet);
    }

    function test_RevertWhen_AStrangerSetsTheWallet() public {
        bytes memory signature = _walletSignature(owner, block.timestamp);
        vm.prank(stranger);
        _assertRefused(signature, block.timestamp);
    }

    function test_RevertGiven_SignatureOfAnother() public {
        (, walletKey) = makeAddrAndKey("another");
        bytes memory signature = _walletSignature(owner, block.timestamp);
        vm.prank(owner);
        _assertRefused(signature, block.timestamp);
    }

    function test_RevertGiven_SignatureForAnotherOwner() public {
        bytes memory signature = _walletSignature(stranger, block.timestamp);
        vm.prank(owner);
        _assertRefused(signature, block.timestamp);
    }

    function test_RevertGiven_NoSignature() public {
        vm.prank(owner);
        _assertRefused("", block.timestamp);
    }

    function test_RevertGiven_ZeroWallet() public {
        wallet = address(0);
        vm.prank(owner);
        _assertRefused("", block.timestamp);
    }

    function test_SignatureHoldsForFiveMinutesAtMost() public {
        uint256 deadline = block.timestamp + 5 minutes;
        bytes memory signature = _walletSignature(owner, deadline + 1);
        vm.prank(owner);
        _assertRefused(signature, deadline + 1);

        signature = _walletSignature(owner, deadline);
        vm.warp(deadline);
        vm.prank(owner);
        registry.setAgentWallet(agentId, wallet, deadline, signature);
        vm.warp(deadline + 1);
        vm.prank(owner);
        _assertRefused(signature, deadline);
    }

    function test_OwnerApprovedAndOperatorMayUnsetTheWallet() public {
        address[3] memory managers = [owner, approved, operator];
        for (uint256 i = 0; i < managers.length; ++i) {
            _setWallet();
            _expectWalletSet("");
            vm.prank(managers[i]);
            registry.unsetAgentWallet(agentId);
            assertEq(registry.getAgentWallet(agentId), address(0));
            assertEq(registry.getMetadata(agentId, "agentWallet"), "");
        }
    }

    function test_RevertWhen_AStrangerUnsetsTheWallet() public {
        vm.expectRevert();
        vm.prank(stranger);
        registry.unsetAgentWallet(agentId);
    }

    /// @dev "When the agent is transferred, agentWallet is automatically cleared (effectively resetting it to the zero
    /// address)", by any transfer function and to any receiver.
    function test_EveryTransferClearsTheWallet() public {
        _setWallet();
        _expectWalletSet("");
        vm.prank(owner);
        registry.transferFrom(owner, owner, agentId);
        _assertCleared();

        _setWallet();
        _expectWalletSet("");
        vm.prank(operator);
        registry.safeTransferFrom(owner, stranger, agentId);
        _assertCleared();
    }

    /// @dev "… and must be re-verified by the new owner."
    function test_GivenTransferred_TheNewOwnerMustVerifyTheWalletAgain() public {
        bytes memory former = _walletSignature(owner, block.timestamp);
        bytes memory renewed = _walletSignature(stranger, block.timestamp);
        vm.prank(owner);
        registry.transferFrom(owner, stranger, agentId);

        vm.prank(stranger);
        _assertRefused(former, block.timestamp);
        vm.prank(stranger);
        registry.setAgentWallet(agentId, wallet, block.timestamp, renewed);
        assertEq(registry.getAgentWallet(agentId), wallet);
    }

    function test_GivenUnknownAgent_ThereIsNoWallet() public view {
        assertEq(registry.getAgentWallet(agentId + 1), address(0));
        assertEq(registry.getMetadata(agentId + 1, "agentWallet"), "");
    }

    function _assertCleared() private view {
        assertEq(registry.getAgentWallet(agentId), address(0));
        assertEq(registry.getMetadata(agentId, "agentWallet"), "");
    }

    /// @dev Called by the wallet that was set.
    function _assertRefused(bytes memory signature, uint256 deadline) private {
        address before = registry.getAgentWallet(agentId);
        vm.expectRevert();
        registry.setAgentWallet(agentId, wallet, deadline, signature);
        assertEq(registry.getAgentWallet(agentId), before);
    }
}
