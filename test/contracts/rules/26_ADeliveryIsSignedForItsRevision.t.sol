// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {ClaimSigner} from "../support/ClaimSigner.sol";
import {ScriptedWallet} from "../support/ContractWallets.sol";

/// @notice `startWorkWithSig` and `submitWorkWithSig`, sent by a stranger.
contract ADeliveryIsSignedForItsRevision is BountyMarketTest, ClaimSigner {
    uint256 private bountyId;
    uint256 private deadline = START + 1 hours;

    function setUp() public override {
        super.setUp();
        bountyId = _postClaimed();
    }

    function test_GivenSignature_AnyoneStartsTheWork() public {
        _expectEvent();
        emit IBountyMarket.WorkStarted(bountyId, AGENT);
        vm.recordLogs();
        _startSigned(_startSignature(1));
        assertEq(_countMarketEvents(), 1);
        _assertBounty(bountyId, _claimed(IN_PROGRESS, START));
    }

    function test_GivenSignature_AnyoneSubmitsTheWork() public {
        _expectEvent();
        emit IBountyMarket.WorkSubmitted(bountyId, AGENT, DELIVERABLE, START + 7 days, 1, 0);
        vm.recordLogs();
        _submitSigned(_submitSignature(_message()));
        assertEq(_countMarketEvents(), 1);
        _assertBounty(bountyId, _claimed(SUBMITTED, START));
    }

    function test_GivenSignatureOfARevision_AnyoneSubmitsIt() public {
        _submit(bountyId);
        _requestRevision(bountyId);
        SubmitMessage memory message = _message();
        _expectInvalid(1);
        _submitSigned(_submitSignature(message));
        message.revision = 1;
        _submitSigned(_submitSignature(message));
        _assertState(bountyId, SUBMITTED);
    }

    /// @dev Of two deliveries of one revision, the second finds the run in review.
    function test_RevertGiven_SubmittedWithIt_WhenSentAgain() public {
        bytes memory signature = _submitSignature(_message());
        _submitSigned(signature);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidState.selector, bountyId, SUBMITTED));
        _submitSigned(signature);
        _requestRevision(bountyId);
        _expectInvalid(1);
        _submitSigned(signature);
    }

    function test_GivenAnotherRound_SignaturesOfTheFormerAreInvalid() public {
        bytes memory start = _startSignature(1);
        bytes memory submission = _submitSignature(_message());
        _abandon(bountyId);
        _claim(bountyId);
        _expectInvalid(2);
        _startSigned(start);
        _expectInvalid(2);
        _submitSigned(submission);
        _startSigned(_startSignature(2));
    }

    function test_RevertGiven_SignatureOfOtherWork() public {
        SubmitMessage memory message = _message();
        message.deliverableHash = FEEDBACK;
        _assertSubmissionInvalid(message);
        message = _message();
        message.bountyId += 1;
        _assertSubmissionInvalid(message);
        message = _message();
        message.wallet = owner;
        _assertSubmissionInvalid(message);
        message = _message();
        message.round = 2;
        _assertSubmissionInvalid(message);
        message = _message();
        message.deadline -= 1;
        _assertSubmissionInvalid(message);
    }

    function test_RevertGiven_SignatureOfAnotherStart() public {
        bytes[4] memory signatures = [
            sign(walletKey, startDigest(address(market), bountyId + 1, wallet, 1, deadline)),
            sign(walletKey, startDigest(address(market), bountyId, owner, 1, deadline)),
            sign(walletKey, startDigest(address(market), bountyId, wallet, 1, deadline - 1)),
            sign(walletKey, startDigest(address(staking), bountyId, wallet, 1, deadline))
        ];
        for (uint256 i = 0; i < signatures.length; ++i) {
            _expectInvalid(1);
            _startSigned(signatures[i]);
        }
    }

    function test_RevertGiven_ExpiredSignature() public {
        bytes memory start = _startSignature(1);
        bytes memory submission = _submitSignature(_message());
        vm.warp(deadline + 1);
        bytes memory expired = abi.encodeWithSelector(IBountyMarket.SignatureExpired.selector, deadline, deadline + 1);
        vm.expectRevert(expired);
        _startSigned(start);
        vm.expectRevert(expired);
        _submitSigned(submission);
    }

    /// @dev So that a watchtower can hold a delivery. Only a claim's signature must be short.
    function test_GivenDeadlineWithoutEnd_ASignatureHoldsAsLongAsItsRoundAndRevision() public {
        deadline = type(uint256).max;
        bytes memory start = _startSignature(1);
        bytes memory submission = _submitSignature(_message());
        vm.warp(START + 1000 days);
        _startSigned(start);
        _submitSigned(submission);
        _assertState(bountyId, SUBMITTED);
    }

    function test_GivenLateWork_ASignatureSubmitsItToo() public {
        vm.warp(START + 20 days);
        deadline = START + 20 days;
        _submitSigned(_submitSignature(_message()));
        _assertState(bountyId, SUBMITTED);
    }

    /// @dev EIP-712 hashes a text of any length, to its last byte.
    function test_GivenTextOfTheGreatestLength_TheWholeOfItIsSigned() public {
        bytes memory text = new bytes(128);
        for (uint256 i = 0; i < text.length; ++i) {
            // Casting is safe because the value is a letter's code, from 97 to 122.
            // forge-lint: disable-next-line(unsafe-typecast)
            text[i] = bytes1(uint8(97 + i % 26));
        }
        SubmitMessage memory message = _message();
        message.deliverableHash = string(text);
        bytes memory signature = _submitSignature(message);
        uint8[4] memory changed = [0, 99, 100, 127];
        for (uint256 i = 0; i < changed.length; ++i) {
            bytes1 right = text[changed[i]];
            text[changed[i]] = "Z";
            _expectInvalid(1);
            market.submitWorkWithSig(bountyId, string(text), deadline, signature);
            text[changed[i]] = right;
        }
        _expectEvent();
        emit IBountyMarket.WorkSubmitted(bountyId, AGENT, string(text), START + 7 days, 1, 0);
        market.submitWorkWithSig(bountyId, string(text), deadline, signature);
    }

    function test_RevertGiven_EmptyText_SignatureIsCheckedFirst() public {
        SubmitMessage memory message = _message();
        message.deliverableHash = "";
        bytes memory signature = _submitSignature(message);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidStringLength.selector, 0, 128));
        market.submitWorkWithSig(bountyId, "", deadline, signature);
        _expectInvalid(1);
        market.submitWorkWithSig(bountyId, "", deadline, "any");
    }

    function test_RevertGiven_EmptySignature_WhateverTheWalletSays() public {
        address safe = address(new ScriptedWallet(abi.encode(IERC1271.isValidSignature.selector), false));
        _sell(safe);
        uint256 open = _post();
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, open, safe, 1));
        market.claimBountyWithSig(open, AGENT, safe, deadline, "");
        market.claimBountyWithSig(open, AGENT, safe, deadline, "any");

        bytes memory invalid = abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, open, safe, 1);
        vm.expectRevert(invalid);
        market.startWorkWithSig(open, deadline, "");
        vm.expectRevert(invalid);
        market.submitWorkWithSig(open, DELIVERABLE, deadline, "");
        market.startWorkWithSig(open, deadline, "any");
        market.submitWorkWithSig(open, DELIVERABLE, deadline, "any");
        _assertState(open, SUBMITTED);
    }

    function test_GivenAgentSold_TheClaimingWalletStillSigns() public {
        _sell(stranger);
        _submitSigned(_submitSignature(_message()));
        _approve(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function _message() private view returns (SubmitMessage memory) {
        return SubmitMessage(bountyId, wallet, 1, 0, DELIVERABLE, deadline);
    }

    function _startSignature(uint256 round) private view returns (bytes memory) {
        return sign(walletKey, startDigest(address(market), bountyId, wallet, round, deadline));
    }

    function _submitSignature(SubmitMessage memory message) private view returns (bytes memory) {
        return sign(walletKey, submitDigest(address(market), message));
    }

    function _startSigned(bytes memory signature) private {
        vm.prank(stranger);
        market.startWorkWithSig(bountyId, deadline, signature);
    }

    function _submitSigned(bytes memory signature) private {
        vm.prank(stranger);
        market.submitWorkWithSig(bountyId, DELIVERABLE, deadline, signature);
    }

    function _assertSubmissionInvalid(SubmitMessage memory message) private {
        bytes memory signature = _submitSignature(message);
        _expectInvalid(1);
        _submitSigned(signature);
    }

    function _expectInvalid(uint256 round) private {
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, wallet, round));
    }
}
