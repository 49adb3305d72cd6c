// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {IAgentRegistry} from "../../../contracts/interfaces/IAgentRegistry.sol";
import {AgentWalletSigner} from "../support/AgentWalletSigner.sol";
import {KeyedWallet, ScriptedWallet} from "../support/ContractWallets.sol";

contract SettingAWalletTest is AgentWalletSigner {
    AgentRegistry private registry;
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");
    address private wallet;
    uint256 private walletKey;
    uint256 private deadline;

    function setUp() public {
        vm.warp(1_700_000_000);
        deadline = 1_700_000_000 + 5 minutes;
        (wallet, walletKey) = makeAddrAndKey("wallet");
        registry = new AgentRegistry();
        vm.prank(alice);
        registry.register("ipfs://agent");
    }

    function test_GivenSignature_WhenOwnerSetsWallet_BothGettersAgree() public {
        _expectWalletSet(wallet);
        vm.recordLogs();
        vm.prank(alice);
        registry.setAgentWallet(1, wallet, deadline, _signature(alice, deadline));

        assertEq(assertNoLogTwice().length, 1);
        assertEq(registry.getAgentWallet(1), wallet);
        assertEq(registry.getMetadata(1, "agentWallet"), abi.encodePacked(wallet));
    }

    function test_RevertWhen_WalletIsZero() public {
        vm.expectRevert(abi.encodeWithSelector(IAgentRegistry.ZeroAgentWallet.selector, 1));
        vm.prank(alice);
        registry.setAgentWallet(1, address(0), deadline, "");
    }

    function test_RevertWhen_WalletIsZeroAndTheDeadlinePassed_TheWalletIsNamed() public {
        vm.expectRevert(abi.encodeWithSelector(IAgentRegistry.ZeroAgentWallet.selector, 1));
        vm.prank(alice);
        registry.setAgentWallet(1, address(0), deadline - 5 minutes - 1, "");
    }

    function test_WhenDeadlineIsNow_SignatureHolds() public {
        vm.prank(alice);
        registry.setAgentWallet(1, wallet, 1_700_000_000, _signature(alice, 1_700_000_000));
        assertEq(registry.getAgentWallet(1), wallet);
    }

    function test_RevertWhen_DeadlineWasASecondAgo() public {
        bytes memory signature = _signature(alice, 1_699_999_999);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentRegistry.WalletSignatureExpired.selector, 1, 1_699_999_999, 1_700_000_000)
        );
        vm.prank(alice);
        registry.setAgentWallet(1, wallet, 1_699_999_999, signature);
    }

    function test_RevertWhen_DeadlineIsASecondTooFar() public {
        bytes memory signature = _signature(alice, deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentRegistry.WalletSignatureTooLong.selector, 1, deadline + 1, deadline)
        );
        vm.prank(alice);
        registry.setAgentWallet(1, wallet, deadline + 1, signature);
    }

    /// @dev Each differs in one thing from the signature that holds. Every signature has a twin with a high s.
    function test_RevertGiven_AnotherSignature() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(walletKey, _digest(wallet, alice, deadline));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes[8] memory signatures = [
            sign(keyNamed("other"), _digest(wallet, alice, deadline)),
            sign(walletKey, agentWalletDigest(address(registry), 2, wallet, alice, deadline)),
            sign(walletKey, agentWalletDigest(address(this), 1, wallet, alice, deadline)),
            _signature(alice, deadline - 1),
            bytes(""),
            abi.encodePacked(r, s),
            abi.encodePacked(r, s, v, "0"),
            abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27))
        ];
        for (uint256 i = 0; i < signatures.length; ++i) {
            _expectInvalid(wallet);
            registry.setAgentWallet(1, wallet, deadline, signatures[i]);
        }
    }

    function test_RevertGiven_SignatureForAnotherWallet() public {
        _expectInvalid(bob);
        registry.setAgentWallet(1, bob, deadline, sign(walletKey, _digest(bob, alice, deadline)));
    }

    function test_RevertGiven_SignatureForAnotherChain() public {
        bytes memory signature = _signature(alice, deadline);
        vm.chainId(block.chainid + 1);
        _expectInvalid(wallet);
        registry.setAgentWallet(1, wallet, deadline, signature);
    }

    function test_RevertGiven_SignatureForThePreviousOwner() public {
        vm.prank(alice);
        registry.transferFrom(alice, bob, 1);
        bytes memory signature = _signature(alice, deadline);
        vm.expectRevert(abi.encodeWithSelector(IAgentRegistry.InvalidWalletSignature.selector, 1, wallet));
        vm.prank(bob);
        registry.setAgentWallet(1, wallet, deadline, signature);
    }

    function test_GivenUnset_WhenSameSignatureWithinItsDeadline_WalletIsSetAgain() public {
        bytes memory signature = _signature(alice, deadline);
        vm.startPrank(alice);
        registry.setAgentWallet(1, wallet, deadline, signature);
        registry.unsetAgentWallet(1);
        vm.warp(deadline);
        registry.setAgentWallet(1, wallet, deadline, signature);
        assertEq(registry.getAgentWallet(1), wallet);
    }

    function test_GivenERC1271Wallet_ItsKeySigns() public {
        address safe = address(new KeyedWallet(wallet));
        bytes memory signature = sign(walletKey, _digest(safe, alice, deadline));
        _expectWalletSet(safe);
        vm.prank(alice);
        registry.setAgentWallet(1, safe, deadline, signature);
        assertEq(registry.getAgentWallet(1), safe);
    }

    function test_RevertGiven_ERC1271WalletOfAnotherKey() public {
        address safe = address(new KeyedWallet(bob));
        _expectInvalid(safe);
        registry.setAgentWallet(1, safe, deadline, sign(walletKey, _digest(safe, alice, deadline)));
    }

    function test_RevertGiven_ContractWithoutAWord() public {
        bytes4 magic = IERC1271.isValidSignature.selector;
        bytes[4] memory answers =
            [bytes(""), abi.encodePacked(magic), abi.encode(uint256(1)), abi.encode(uint256(uint32(magic)))];
        for (uint256 i = 0; i < answers.length; ++i) {
            address safe = address(new ScriptedWallet(answers[i], false));
            _expectInvalid(safe);
            registry.setAgentWallet(1, safe, deadline, "any");
        }
        address reverting = address(new ScriptedWallet(abi.encode(magic), true));
        _expectInvalid(reverting);
        registry.setAgentWallet(1, reverting, deadline, "any");
    }

    /// @dev A wallet that accepts anything has still signed nothing.
    function test_RevertGiven_EmptySignature_WhateverTheWalletSays() public {
        address safe = address(new ScriptedWallet(abi.encode(IERC1271.isValidSignature.selector), false));
        _expectInvalid(safe);
        registry.setAgentWallet(1, safe, deadline, "");
        vm.prank(alice);
        registry.setAgentWallet(1, safe, deadline, "any");
        assertEq(registry.getAgentWallet(1), safe);
    }

    function test_GivenEIP7702WalletWithERC1271_ItsSessionKeySigns() public {
        (address session, uint256 sessionKey) = makeAddrAndKey("session");
        vm.signAndAttachDelegation(address(new KeyedWallet(session)), walletKey);
        bytes memory signature = sign(sessionKey, _digest(wallet, alice, deadline));
        vm.prank(alice);
        registry.setAgentWallet(1, wallet, deadline, signature);
        assertEq(wallet.code.length, 23);
        assertEq(registry.getAgentWallet(1), wallet);
    }

    function test_GivenNoWallet_WhenApprovedUnsetsIt_ItStaysEmpty() public {
        vm.startPrank(alice);
        registry.unsetAgentWallet(1);
        registry.approve(bob, 1);
        vm.stopPrank();
        _expectWalletCleared();
        vm.prank(bob);
        registry.unsetAgentWallet(1);
        assertEq(registry.getAgentWallet(1), address(0));
    }

    function test_GivenUnknownAgent_WalletIsZero() public view {
        assertEq(registry.getAgentWallet(0), address(0));
        assertEq(registry.getAgentWallet(2), address(0));
    }

    function _digest(address newWallet, address owner, uint256 until) private view returns (bytes32) {
        return agentWalletDigest(address(registry), 1, newWallet, owner, until);
    }

    function _signature(address owner, uint256 until) private view returns (bytes memory) {
        return sign(walletKey, _digest(wallet, owner, until));
    }

    /// @dev Expects the owner's next call to be refused for its signature.
    function _expectInvalid(address newWallet) private {
        vm.expectRevert(abi.encodeWithSelector(IAgentRegistry.InvalidWalletSignature.selector, 1, newWallet));
        vm.prank(alice);
    }

    function _expectWalletSet(address newWallet) private {
        vm.expectEmit(address(registry));
        emit IAgentRegistry.MetadataSet(1, "agentWallet", "agentWallet", abi.encodePacked(newWallet));
    }

    function _expectWalletCleared() private {
        vm.expectEmit(address(registry));
        emit IAgentRegistry.MetadataSet(1, "agentWallet", "agentWallet", "");
    }
}
