// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AgentStaking} from "../../contracts/AgentStaking.sol";
import {IAgentStaking} from "../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingLookBackToken} from "./support/AgentStakingLookBackToken.sol";
import {AgentStakingTest} from "./support/AgentStakingTest.sol";
import {Vm} from "./support/Vm.sol";

/// @notice Effects and events come before the transfer, and an account is one storage slot.
contract AgentStakingOrderTest is AgentStakingTest {
    AgentStakingLookBackToken private token;

    function setUp() public override {
        super.setUp();
        token = new AgentStakingLookBackToken();
        vm.prank(market);
        staking = new AgentStaking(address(token), address(registry), admin);
        token.mint(owner, 100e6);
        token.watch(staking);
        vm.prank(owner);
        token.approve(address(staking), type(uint256).max);
    }

    function test_WhenStaking_TransferSeesTheFinalAccount() public {
        vm.recordLogs();
        _stake(40e6);
        _assertTransferSawTheEnd(Account(40e6, 0, START, 0, 0, false, false));
    }

    function test_WhenUnstaking_TransferSeesTheFinalAccount() public {
        _stake(40e6);
        vm.recordLogs();
        _unstake(25e6);
        _assertTransferSawTheEnd(Account(15e6, 0, 0, 0, 0, false, false));
    }

    function test_WhenForfeiting_TransferSeesTheFinalAccount() public {
        _stake(40e6);
        _lock(10e6);
        vm.recordLogs();
        _forfeit(10e6);
        _assertTransferSawTheEnd(Account(30e6, 0, START, 0, 0, false, false));
    }

    function test_WhenSlashing_TransferSeesTheFinalAccount() public {
        _stake(40e6);
        _lock(3e6);
        _slash(1e6);
        _slash(1e6);
        vm.recordLogs();
        _slash(1e6);
        _assertTransferSawTheEnd(Account(37e6, 0, 0, 0, 3, true, true));
    }

    function test_AccountIsOneSlot() public {
        vm.record();
        _stake(40e6);
        _assertOneSlotWritten();

        vm.record();
        _lock(1e6);
        _assertOneSlotWritten();

        vm.record();
        _slash(1e6);
        _assertOneSlotWritten();

        vm.record();
        _ban();
        _assertOneSlotWritten();
    }

    function _assertTransferSawTheEnd(Account memory expected) private {
        _assertAccount(expected);
        _assertEq(abi.decode(token.seen(), (Account)), expected);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs[logs.length - 1].topics[0], IERC20.Transfer.selector, "the transfer comes last");
    }

    /// @dev `abi.encode(agentId, 2)` hashes to the account's slot: the owner and the pending owner are before it.
    function _assertOneSlotWritten() private view {
        (, bytes32[] memory writes) = vm.accesses(address(staking));
        assertEq(writes.length, 1, "one write");
        assertEq(writes[0], keccak256(abi.encode(AGENT, 2)), "to the account's slot");
    }
}
