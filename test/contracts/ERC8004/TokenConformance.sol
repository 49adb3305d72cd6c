// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/interfaces/IERC721Metadata.sol";

import {ConfusedReceiver, WatchingReceiver} from "../support/AgentReceivers.sol";
import {PlainCode} from "../support/ContractWallets.sol";
import {ERC8004Test} from "./ERC8004Test.sol";

/// @notice "The Identity Registry uses ERC-721 with the URIStorage extension", so that agents are "browsable and
/// transferable with NFTs-compliant apps".
abstract contract TokenConformance is ERC8004Test {
    function test_SupportsERC165_ERC721_AndItsMetadata() public view {
        assertTrue(registry.supportsInterface(type(IERC165).interfaceId));
        assertTrue(registry.supportsInterface(type(IERC721).interfaceId));
        assertTrue(registry.supportsInterface(type(IERC721Metadata).interfaceId));
        assertTrue(registry.supportsInterface(0x49064906), "ERC-4906, as URIStorage does");
        assertFalse(registry.supportsInterface(0xffffffff), "forbidden by ERC-165");
    }

    /// @dev Wallet software reads the domain from here.
    function test_SaysItsEIP712Domain() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address verifyingContract,,) =
            IERC5267(address(registry)).eip712Domain();
        assertEq(uint256(uint8(fields)), 0x0f);
        assertEq(name, "ERC8004IdentityRegistry");
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifyingContract, address(registry));
    }

    function test_OwnerOperatorAndApprovedMayTransfer() public {
        vm.prank(owner);
        registry.transferFrom(owner, owner, agentId);
        assertEq(registry.getApproved(agentId), address(0), "an approval ends with a transfer");
        vm.prank(operator);
        registry.approve(approved, agentId);
        vm.expectEmit(address(registry));
        emit IERC721.Transfer(owner, stranger, agentId);
        vm.prank(approved);
        registry.transferFrom(owner, stranger, agentId);
        assertEq(registry.ownerOf(agentId), stranger);
        assertEq(registry.balanceOf(owner), 0);
        assertEq(registry.balanceOf(stranger), 1);
    }

    function test_GivenTransferred_FormerApprovedHasNoRight() public {
        vm.prank(owner);
        registry.transferFrom(owner, stranger, agentId);
        vm.expectRevert();
        vm.prank(approved);
        registry.setAgentURI(agentId, "ipfs://stolen");
    }

    function test_RevertWhen_AStrangerTransfers() public {
        vm.expectRevert();
        vm.prank(stranger);
        registry.transferFrom(owner, stranger, agentId);
    }

    function test_RevertWhen_TransferringToNobody() public {
        vm.expectRevert();
        vm.prank(owner);
        registry.transferFrom(owner, address(0), agentId);
    }

    function test_WhenTransferredSafely_TheReceiverIsAsked() public {
        WatchingReceiver receiver = new WatchingReceiver();
        vm.prank(owner);
        registry.safeTransferFrom(owner, address(receiver), agentId, "data");
        assertEq(receiver.operator(), owner);
        assertEq(receiver.from(), owner);
        assertEq(receiver.agentId(), agentId);
        assertEq(receiver.data(), "data");
        assertEq(receiver.walletSeen(), address(0), "the wallet is cleared by then");
    }

    function test_RevertGiven_ReceiverThatDoesNotAgree_WhenTransferredSafely() public {
        address[2] memory receivers = [address(new PlainCode()), address(new ConfusedReceiver())];
        for (uint256 i = 0; i < receivers.length; ++i) {
            vm.expectRevert();
            vm.prank(owner);
            registry.safeTransferFrom(owner, receivers[i], agentId);
        }
    }

    function test_RevertGiven_ContractThatReceivesNoTokens_WhenItRegisters() public {
        address contractWithoutCallback = address(new PlainCode());
        vm.expectRevert();
        vm.prank(contractWithoutCallback);
        registry.register();
    }

    function test_RevertGiven_UnknownAgent() public {
        vm.expectRevert();
        registry.ownerOf(agentId + 1);
        vm.expectRevert();
        registry.tokenURI(agentId + 1);
        vm.expectRevert();
        registry.setAgentURI(agentId + 1, "");
        vm.expectRevert();
        registry.setMetadata(agentId + 1, "model", "");
        vm.expectRevert();
        registry.unsetAgentWallet(agentId + 1);
    }
}
