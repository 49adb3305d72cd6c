// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {AgentWallets} from "../../../contracts/AgentWallets.sol";
import {IAgentRegistry} from "../../../contracts/interfaces/IAgentRegistry.sol";
import {BurningRegistry, HungryRegistry, ScriptedRegistry} from "../support/Registries.sol";
import {Test} from "../support/Test.sol";

contract ReadingAWalletTest is Test {
    ScriptedRegistry private registry = new ScriptedRegistry();
    address private owner = makeAddr("owner");
    address private wallet = makeAddr("wallet");

    function test_GivenWallet_ItActsForTheAgent() public {
        _answer(abi.encode(wallet), abi.encode(owner));
        _assertFound(wallet, owner);
    }

    function test_GivenNoWallet_TheOwnerActsForTheAgent() public {
        _answer(abi.encode(address(0)), abi.encode(owner));
        _assertFound(owner, owner);
    }

    function test_GivenNoWallet_WhenOwnerOfReverts_ThereIsNoAgent() public {
        _answer(abi.encode(address(0)), "");
        registry.script(IERC721.ownerOf.selector, "ERC721NonexistentToken", true);
        _assertFound(address(0), address(0));
    }

    function test_WhenGetAgentWalletReverts_TheOwnerIsNotAsked() public {
        _answer("", abi.encode(owner));
        registry.script(IAgentRegistry.getAgentWallet.selector, "no", true);
        _assertFound(address(0), owner);
    }

    function test_WhenRevertDataLooksLikeAnAddress_ItIsNoAnswer() public {
        registry.script(IAgentRegistry.getAgentWallet.selector, abi.encode(wallet), true);
        registry.script(IERC721.ownerOf.selector, abi.encode(owner), true);
        _assertFound(address(0), address(0));
    }

    function test_WhenAnswerIsShort_ItIsNoAnswer() public {
        bytes memory short = abi.encodePacked(bytes11(0), wallet);
        _answer(short, short);
        _assertFound(address(0), address(0));
        _answer("", "");
        _assertFound(address(0), address(0));
    }

    function test_WhenAnswerIsShort_AnEarlierOneDoesNotFillIt() public {
        address codeless = makeAddr("no contract");
        ScriptedRegistry short = new ScriptedRegistry();
        short.script(IERC721.ownerOf.selector, abi.encodePacked(bytes12(0), bytes19(bytes20(owner))), false);
        _answer("", abi.encode(owner));

        (address first, address second) = (_ownerOf(address(registry)), _ownerOf(address(short)));
        (address third, address fourth) = (_ownerOf(address(registry)), _ownerOf(codeless));
        assertEq(first, owner);
        assertEq(second, address(0));
        assertEq(third, owner);
        assertEq(fourth, address(0));
    }

    function test_WhenAnswerIsNoAddress_ItIsNoAnswer() public {
        bytes memory large = abi.encode(uint256(1) << 160 | uint160(wallet));
        _answer(large, large);
        _assertFound(address(0), address(0));
        bytes memory garbage = abi.encode(type(uint256).max);
        _answer(garbage, garbage);
        _assertFound(address(0), address(0));
    }

    function test_WhenAnswerIsTheLargestAddress_ItIsOne() public {
        address largest = address(type(uint160).max);
        _answer(abi.encode(largest), abi.encode(largest));
        _assertFound(largest, largest);
    }

    function test_WhenAnswerIsLong_ItsFirstWordCounts() public {
        _answer(abi.encode(wallet, owner, "more"), abi.encode(owner, wallet, "more"));
        _assertFound(wallet, owner);
    }

    function test_WhenAnswerIsABomb_OnlyTwoWordsAreCopied() public {
        bytes memory bomb = new bytes(200_000);
        registry.script(IAgentRegistry.getAgentWallet.selector, bomb, true);
        // A plain call copies the whole answer, and so costs more than the library and its frame.
        uint256 gasBefore = gasleft();
        this.walletOf(address(registry), 1);
        uint256 spent = gasBefore - gasleft();
        gasBefore = gasleft();
        (bool success,) = address(registry).staticcall(abi.encodeCall(IAgentRegistry.getAgentWallet, (1)));
        assertFalse(success);
        assertLt(spent, gasBefore - gasleft(), "gas");
    }

    function test_WhenRegistryHasNoCode_ThereIsNoAgent() public {
        address codeless = makeAddr("no contract");
        assertEq(AgentWallets.walletOf(codeless, 1), address(0));
        assertEq(AgentWallets.ownerOf(codeless, 1), address(0));
    }

    function test_WhenRegistryBurnsAllGas_ThereIsNoAgent() public {
        address burning = address(new BurningRegistry());
        assertEq(this.walletOf{gas: 1_000_000}(burning, 1), address(0));
    }

    function test_WhenCallerStarvesTheRegistry_HeIsNotTheOwnerInstead() public {
        HungryRegistry hungry = new HungryRegistry(wallet, owner);
        uint256 enough = hungry.MINIMUM() * 64 / 63 + 10_000;
        assertEq(this.walletOf{gas: enough}(address(hungry), 1), wallet);
        assertEq(this.walletOf{gas: hungry.MINIMUM()}(address(hungry), 1), address(0));
    }

    /// @dev A separate frame, so that its gas can be limited and measured.
    function walletOf(address registry_, uint256 agentId) external view returns (address) {
        return AgentWallets.walletOf(registry_, agentId);
    }

    function _ownerOf(address registry_) private view returns (address) {
        return AgentWallets.ownerOf(registry_, 1);
    }

    function _answer(bytes memory agentWallet, bytes memory agentOwner) private {
        registry.script(IAgentRegistry.getAgentWallet.selector, agentWallet, false);
        registry.script(IERC721.ownerOf.selector, agentOwner, false);
    }

    function _assertFound(address expectedWallet, address expectedOwner) private view {
        assertEq(AgentWallets.walletOf(address(registry), 1), expectedWallet);
        assertEq(AgentWallets.ownerOf(address(registry), 1), expectedOwner);
    }
}
