// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingTest} from "../support/AgentStakingTest.sol";
import {KeyedWallet, ScriptedWallet} from "../support/ContractWallets.sol";
import {UnstakeSigner} from "../support/UnstakeSigner.sol";

/// @notice `unstakeWithSig`, sent by a stranger.
contract AWithdrawalOfStakeIsSignedOnce is AgentStakingTest, UnstakeSigner {
    function setUp() public override {
        super.setUp();
        _stake(60e6);
    }

    function test_GivenSignatureOfOwnerOrWallet_AnyoneUnstakesToTheOwner() public {
        address[2] memory signers = [owner, wallet];
        string[2] memory names = ["agent owner", "agent wallet"];
        for (uint256 i = 0; i < signers.length; ++i) {
            UnstakeMessage memory message = _message(signers[i]);
            bytes memory signature = _sign(message, names[i]);
            vm.expectEmit(address(staking));
            emit IAgentStaking.Unstaked(AGENT, signers[i], owner, 10e6, 50e6 - i * 10e6, START, i + 1);
            _expectTransfer(address(staking), owner, 10e6);
            _send(message, signature);
            assertEq(staking.nonceOf(AGENT), i + 1);
        }
    }

    function test_GivenASale_TheBuyerSignsAndTheSellerNoLongerDoes() public {
        UnstakeMessage memory message = _message(owner);
        bytes memory signature = _sign(message, "agent owner");
        vm.prank(owner);
        registry.transferFrom(owner, stranger, AGENT);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentWalletOrOwner.selector, AGENT, owner));
        _send(message, signature);

        message.signer = stranger;
        _send(message, _sign(message, "stranger"));
        assertEq(usdc.balanceOf(stranger), 10e6);
    }

    function test_GivenAContractThatOwns_ItsERC1271SignatureHolds() public {
        address safe = address(new KeyedWallet(owner));
        vm.prank(owner);
        registry.transferFrom(owner, safe, AGENT);
        UnstakeMessage memory message = _message(safe);
        _send(message, _sign(message, "agent owner"));
        assertEq(usdc.balanceOf(safe), 10e6);
    }

    function test_RevertGiven_UsedSignature_WhenSentAgain() public {
        UnstakeMessage memory message = _message(owner);
        bytes memory signature = _sign(message, "agent owner");
        _send(message, signature);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.WrongNonce.selector, AGENT, 0, 1));
        _send(message, signature);
    }

    function test_RevertGiven_AnotherNonce() public {
        UnstakeMessage memory message = _message(owner);
        message.nonce = 1;
        bytes memory signature = _sign(message, "agent owner");
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.WrongNonce.selector, AGENT, 1, 0));
        _send(message, signature);
    }

    function test_RevertGiven_AnotherNonceAfterTheDeadline_TheNonceIsNamed() public {
        UnstakeMessage memory message = _message(owner);
        message.nonce = 1;
        bytes memory signature = _sign(message, "agent owner");
        vm.warp(message.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.WrongNonce.selector, AGENT, 1, 0));
        _send(message, signature);
    }

    /// @dev The nonce counts signed withdrawals only.
    function test_GivenAPlainWithdrawal_TheSignatureStillHolds() public {
        UnstakeMessage memory message = _message(owner);
        bytes memory signature = _sign(message, "agent owner");
        vm.expectEmit(address(staking));
        emit IAgentStaking.Unstaked(AGENT, owner, owner, 1e6, 59e6, START, 0);
        _unstake(1e6);
        _send(message, signature);
        assertEq(_account(AGENT).staked, 49e6);
    }

    /// @dev The log of each withdrawal names the next nonce, signed or not.
    function test_GivenASignedWithdrawal_APlainOneNamesTheSameNonce() public {
        UnstakeMessage memory message = _message(owner);
        _send(message, _sign(message, "agent owner"));
        vm.expectEmit(address(staking));
        emit IAgentStaking.Unstaked(AGENT, owner, owner, 1e6, 49e6, START, 1);
        _unstake(1e6);
        assertEq(staking.nonceOf(AGENT), 1);
    }

    function test_GivenASignatureThatItsSignerSendsItself_ItIsUsedUp() public {
        UnstakeMessage memory message = _message(owner);
        bytes memory signature = _sign(message, "agent owner");
        vm.prank(owner);
        staking.unstakeWithSig(AGENT, message.amount, owner, message.nonce, message.deadline, signature);
        assertEq(staking.nonceOf(AGENT), 1);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.WrongNonce.selector, AGENT, 0, 1));
        _send(message, signature);
    }

    /// @dev As in the market: a wallet that accepts anything has still signed nothing.
    function test_RevertGiven_EmptySignature_WhateverTheWalletSays() public {
        address safe = address(new ScriptedWallet(abi.encode(IERC1271.isValidSignature.selector), false));
        vm.prank(owner);
        registry.transferFrom(owner, safe, AGENT);
        UnstakeMessage memory message = _message(safe);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.InvalidUnstakeSignature.selector, AGENT, safe, 0));
        _send(message, "");
        _send(message, "anything");
        assertEq(usdc.balanceOf(safe), 10e6);
    }

    function test_SignatureHoldsForAnHourAtMost() public {
        UnstakeMessage memory message = _message(owner);
        message.deadline = START + 1 hours + 1;
        bytes memory signature = _sign(message, "agent owner");
        vm.expectRevert(
            abi.encodeWithSelector(IAgentStaking.SignatureTooLong.selector, START + 1 hours + 1, START + 1 hours)
        );
        _send(message, signature);

        message.deadline = START + 1 hours;
        signature = _sign(message, "agent owner");
        vm.warp(START + 1 hours + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentStaking.SignatureExpired.selector, START + 1 hours, START + 1 hours + 1)
        );
        _send(message, signature);
        vm.warp(START + 1 hours);
        _send(message, signature);
    }

    function test_GivenAWholeHourAhead_ItHolds() public {
        UnstakeMessage memory message = _message(owner);
        _send(message, _sign(message, "agent owner"));
        assertEq(message.deadline, START + 1 hours);
    }

    function test_RevertGiven_AnotherSignature() public {
        UnstakeMessage memory right = _message(owner);
        for (uint256 fault = 0; fault < 8; ++fault) {
            UnstakeMessage memory message = _message(owner);
            if (fault == 0) message.agentId = 2;
            if (fault == 1) message.signer = wallet;
            if (fault == 2) message.amount -= 1;
            if (fault == 3) message.nonce = 1;
            if (fault == 4) message.deadline -= 1;
            bytes memory signature = _sign(message, fault == 5 ? "stranger" : "agent owner");
            if (fault == 6) signature = "";
            if (fault == 7) signature = sign(keyNamed("agent owner"), unstakeDigest(address(registry), message));
            vm.expectRevert(abi.encodeWithSelector(IAgentStaking.InvalidUnstakeSignature.selector, AGENT, owner, 0));
            _send(right, signature);
        }
    }

    function test_RevertGiven_SignerThatIsNeitherOwnerNorWallet() public {
        UnstakeMessage memory message = _message(stranger);
        bytes memory signature = _sign(message, "stranger");
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentWalletOrOwner.selector, AGENT, stranger));
        _send(message, signature);
    }

    /// @dev The refusals of `unstake`, with a signature that holds.
    function test_RevertGiven_AWithdrawalThatThePlainCallRefusesToo() public {
        UnstakeMessage memory message = _message(owner);
        message.amount = 0;
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.ZeroAmount.selector, AGENT));
        _send(message, "");

        message.amount = 60e6 + 1;
        bytes memory signature = _sign(message, "agent owner");
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.AmountExceedsStake.selector, AGENT, 60e6 + 1, 60e6));
        _send(message, signature);

        _lock(10e6);
        message.amount = 40e6 + 1;
        signature = _sign(message, "agent owner");
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.StakeIsLocked.selector, AGENT, 20e6 - 1, 20e6));
        _send(message, signature);
        assertEq(staking.nonceOf(AGENT), 0);
    }

    function test_DomainIsTheDesigns() public view {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract,,) =
            staking.eip712Domain();
        assertEq(name, "AgentStaking");
        assertEq(version, "1");
        assertEq(chainId, 31_337);
        assertEq(verifyingContract, address(staking));
    }

    /// @dev With the nonce of the next withdrawal.
    function _message(address signer) private view returns (UnstakeMessage memory) {
        return UnstakeMessage(AGENT, signer, 10e6, staking.nonceOf(AGENT), START + 1 hours);
    }

    function _sign(UnstakeMessage memory message, string memory name) private view returns (bytes memory) {
        return sign(keyNamed(name), unstakeDigest(address(staking), message));
    }

    function _send(UnstakeMessage memory message, bytes memory signature) private {
        vm.prank(stranger);
        staking.unstakeWithSig(
            message.agentId, message.amount, message.signer, message.nonce, message.deadline, signature
        );
    }
}
