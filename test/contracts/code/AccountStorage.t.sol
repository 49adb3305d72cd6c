// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AgentStaking} from "../../../contracts/AgentStaking.sol";
import {AgentStakingLookBackToken} from "../support/AgentStakingLookBackToken.sol";
import {AgentStakingTest} from "../support/AgentStakingTest.sol";
import {Vm} from "../support/Vm.sol";

/// @notice Effects and events come before the transfer, and an account is one storage slot.
contract AccountStorageTest is AgentStakingTest {
    AgentStakingLookBackToken private token;

    function setUp() public override {
        super.setUp();
        token = new AgentStakingLookBackToken();
        vm.startPrank(market);
        staking = new AgentStaking(address(token), address(registry), admin);
        vm.stopPrank();
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
        _lockAndSlash(2);
        _stake(1e6);
        _lock(1e6);
        vm.recordLogs();
        _slash(1e6);
        _assertTransferSawTheEnd(Account(39e6, 0, 0, 0, 3, true, true));
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

    function test_GivenMoreRunsThan32BitsCount_TheNextStillEnd() public {
        _stake(40e6);
        _lock(2e6);
        uint256 many = type(uint32).max;
        bytes32 slot = _slot();
        uint256 stored = uint256(vm.load(address(staking), slot));
        vm.store(address(staking), slot, bytes32(stored | many << 152 | many << 192));
        _assertAccount(Account(40e6, 2e6, START, many, many, false, false));

        _release(1e6);
        _slash(1e6);
        _assertAccount(Account(39e6, 0, 0, many + 1, many + 1, true, true));
    }

    function _assertTransferSawTheEnd(Account memory expected) private {
        _assertAccount(expected);
        _assertEq(abi.decode(token.seen(), (Account)), expected);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs[logs.length - 1].topics[0], IERC20.Transfer.selector, "the transfer comes last");
    }

    function _assertOneSlotWritten() private view {
        (, bytes32[] memory writes) = vm.accesses(address(staking));
        assertEq(writes.length, 1, "one write");
        assertEq(writes[0], _slot(), "to the account's slot");
    }

    /// @dev The accounts are the fifth storage variable, after owner, pending owner, and two that EIP712 does not use.
    function _slot() private pure returns (bytes32) {
        return keccak256(abi.encode(AGENT, 4));
    }
}
