// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ActionSigner} from "../support/ActionSigner.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {KeyedWallet} from "../support/ContractWallets.sol";

/// @notice `approveWorkWithSig`, `requestRevisionWithSig`, `rejectWorkWithSig` and `abandonClaimWithSig`, sent by a
/// stranger.
contract AReviewIsSignedForItsDelivery is BountyMarketTest, ActionSigner {
    /// @dev A signature about a delivery holds as long as its round and its revision last.
    uint256 private constant FOREVER = type(uint256).max;

    enum Action {
        APPROVE,
        REVISE,
        REJECT,
        ABANDON
    }

    function test_GivenSignatureOfPosterOrEvaluator_AnyoneApproves() public {
        terms.evaluator = evaluator;
        address[2] memory signers = [poster, evaluator];
        string[2] memory names = ["poster", "evaluator"];
        for (uint256 i = 0; i < signers.length; ++i) {
            uint256 bountyId = _postSubmitted();
            ActionMessage memory message = _message(bountyId, signers[i]);
            skip(100 days);
            _expectEvent();
            emit IBountyMarket.BountyApproved(bountyId, AGENT, wallet, REWARD, FEE, signers[i], 1);
            _send(Action.APPROVE, message, _sign(Action.APPROVE, message, names[i]));
            vm.warp(START);
        }
        assertEq(usdc.balanceOf(wallet), 2 * REWARD);
        assertEq(market.owed(treasury), 2 * FEE);
    }

    function test_GivenSignatureOfTheEvaluator_AnyoneRequestsARevision() public {
        uint256 bountyId = _postSubmitted();
        ActionMessage memory message = _message(bountyId, poster);
        _expectEvent();
        emit IBountyMarket.RevisionRequested(bountyId, AGENT, FEEDBACK, 1, START + 7 days);
        _send(Action.REVISE, message, _sign(Action.REVISE, message, "poster"));
        IBountyMarket.Bounty memory expected = _claimed(REVISION_REQUESTED, START);
        expected.revisions = 1;
        _assertBounty(bountyId, expected);

        _submit(bountyId);
        message = _message(bountyId, poster);
        _send(Action.REVISE, message, _sign(Action.REVISE, message, "poster"));
        expected.revisions = 2;
        _assertBounty(bountyId, expected);
    }

    function test_GivenSignatureOfTheEvaluator_AnyoneRejects() public {
        terms.evaluator = evaluator;
        uint256 bountyId = _postSubmitted();
        ActionMessage memory message = _message(bountyId, evaluator);
        _expectEvent();
        emit IBountyMarket.BountyRejected(
            bountyId, AGENT, poster, REWARD, FEE + LOCK, 1, IBountyMarket.Rejection.REJECTED
        );
        _send(Action.REJECT, message, _sign(Action.REJECT, message, "evaluator"));
        _assertState(bountyId, REJECTED);
    }

    function test_GivenSignatureOfTheWallet_AnyoneAbandons() public {
        uint256 bountyId = _postClaimed();
        ActionMessage memory message = _message(bountyId, wallet);
        _expectEvent();
        emit IBountyMarket.ClaimAbandoned(bountyId, AGENT, poster, LOCK, 1);
        _send(Action.ABANDON, message, _sign(Action.ABANDON, message, "agent wallet"));
        _assertState(bountyId, OPEN);

        bountyId = _postSubmitted();
        _requestRevision(bountyId);
        message = _message(bountyId, wallet);
        _send(Action.ABANDON, message, _sign(Action.ABANDON, message, "agent wallet"));
        _assertState(bountyId, REJECTED);
    }

    /// @dev Each action by a signature that differs in one value from the one that is valid.
    function test_RevertGiven_AnotherSignature() public {
        for (uint256 i = 0; i < 4; ++i) {
            Action action = Action(i);
            uint256 bountyId = _postFor(action);
            address signer = action == Action.ABANDON ? wallet : evaluator;
            string memory name = action == Action.ABANDON ? "agent wallet" : "evaluator";
            ActionMessage memory message = _message(bountyId, signer);
            for (uint256 fault = 0; fault < 8; ++fault) {
                bytes memory signature = _faulty(fault, action, message, name);
                vm.expectRevert(
                    abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, signer, message.round)
                );
                _send(action, message, signature);
            }
            _send(action, message, _sign(action, message, name));
        }
    }

    function test_RevertGiven_ExpiredSignature() public {
        for (uint256 i = 0; i < 4; ++i) {
            Action action = Action(i);
            uint256 bountyId = _postFor(action);
            address signer = action == Action.ABANDON ? wallet : evaluator;
            ActionMessage memory message = _message(bountyId, signer);
            message.deadline = START + 1 days;
            bytes memory signature = _sign(action, message, action == Action.ABANDON ? "agent wallet" : "evaluator");
            vm.warp(START + 1 days + 1);
            vm.expectRevert(
                abi.encodeWithSelector(IBountyMarket.SignatureExpired.selector, START + 1 days, START + 1 days + 1)
            );
            _send(action, message, signature);
            vm.warp(START + 1 days);
            _send(action, message, signature);
            vm.warp(START);
        }
    }

    /// @dev The caller of the plain form is the signer of this one.
    function test_RevertGiven_SignerThatMayNotAct() public {
        terms.evaluator = evaluator;
        uint256 bountyId = _postSubmitted();
        ActionMessage memory message = _message(bountyId, stranger);
        bytes memory signature = _sign(Action.APPROVE, message, "stranger");
        vm.expectRevert(
            abi.encodeWithSelector(IBountyMarket.NotPosterOrEvaluator.selector, bountyId, stranger, poster, evaluator)
        );
        _send(Action.APPROVE, message, signature);

        message.signer = poster;
        bytes memory refusal = abi.encodeWithSelector(IBountyMarket.NotEvaluator.selector, bountyId, poster, evaluator);
        signature = _sign(Action.REJECT, message, "poster");
        vm.expectRevert(refusal);
        _send(Action.REJECT, message, signature);
        signature = _sign(Action.REVISE, message, "poster");
        vm.expectRevert(refusal);
        _send(Action.REVISE, message, signature);
    }

    /// @dev The limits of the plain forms hold, after the signature was checked.
    function test_RevertGiven_AFormThatThePlainCallRefusesToo() public {
        uint256 bountyId = _postSubmitted();
        ActionMessage memory message = _message(bountyId, poster);
        bytes memory rejection = _sign(Action.REJECT, message, "poster");
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.RevisionsLeft.selector, bountyId, 0, 3));
        _send(Action.REJECT, message, rejection);

        bytes memory revision = _sign(Action.REVISE, message, "poster");
        vm.warp(START + 7 days + 1);
        bytes memory late = abi.encodeWithSelector(
            IBountyMarket.ReviewPeriodOver.selector, bountyId, START + 7 days, START + 7 days + 1
        );
        vm.expectRevert(late);
        _send(Action.REJECT, message, rejection);
        vm.expectRevert(late);
        _send(Action.REVISE, message, revision);
    }

    /// @dev So no approval of one delivery pays for another, also not after a revision.
    function test_RevertGiven_ApprovalOfAnEarlierDelivery() public {
        uint256 bountyId = _postSubmitted();
        ActionMessage memory message = _message(bountyId, poster);
        bytes memory signature = _sign(Action.APPROVE, message, "poster");
        _requestRevision(bountyId);
        _submit(bountyId);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.WrongRevision.selector, bountyId, 0, 1));
        _send(Action.APPROVE, message, signature);
    }

    function test_GivenAnotherSignatureAndAnotherRevision_WhenApproved_TheSignatureIsNamed() public {
        uint256 bountyId = _postSubmitted();
        ActionMessage memory message = _message(bountyId, poster);
        message.revision += 1;
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, poster, 1));
        _send(Action.APPROVE, message, _sign(Action.APPROVE, message, "stranger"));
    }

    function test_GivenARevisionRequested_TheApprovalOfTheLastDeliveryStillHolds() public {
        uint256 bountyId = _postSubmitted();
        ActionMessage memory message = _message(bountyId, poster);
        bytes memory signature = _sign(Action.APPROVE, message, "poster");
        _requestRevision(bountyId);
        _send(Action.APPROVE, message, signature);
        _assertState(bountyId, APPROVED);
    }

    function test_GivenAnotherRound_SignaturesOfTheFormerAreInvalid() public {
        terms.evaluator = evaluator;
        uint256 bountyId = _postClaimed();
        ActionMessage memory message = _message(bountyId, evaluator);
        bytes memory approval = _sign(Action.APPROVE, message, "evaluator");
        bytes memory rejection = _sign(Action.REJECT, message, "evaluator");
        bytes memory revision = _sign(Action.REVISE, message, "evaluator");
        message.signer = wallet;
        bytes memory abandonment = _sign(Action.ABANDON, message, "agent wallet");
        _abandon(bountyId);
        _claim(bountyId);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, wallet, 2));
        _send(Action.ABANDON, message, abandonment);

        _submit(bountyId);
        message.signer = evaluator;
        bytes memory invalid = abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, evaluator, 2);
        vm.expectRevert(invalid);
        _send(Action.APPROVE, message, approval);
        vm.expectRevert(invalid);
        _send(Action.REJECT, message, rejection);
        vm.expectRevert(invalid);
        _send(Action.REVISE, message, revision);
    }

    function test_GivenAContractThatEvaluates_ItsERC1271SignatureHolds() public {
        terms.evaluator = address(new KeyedWallet(evaluator));
        uint256 bountyId = _postSubmitted();
        ActionMessage memory message = _message(bountyId, terms.evaluator);
        _send(Action.APPROVE, message, _sign(Action.APPROVE, message, "evaluator"));
        _assertState(bountyId, APPROVED);
    }

    /// @dev A bounty in which the action is possible.
    function _postFor(Action action) private returns (uint256) {
        terms.evaluator = evaluator;
        return action == Action.ABANDON ? _postClaimed() : _postSubmitted();
    }

    function _message(uint256 bountyId, address signer) private view returns (ActionMessage memory) {
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        return ActionMessage(bountyId, signer, bounty.round, bounty.revisions, FOREVER);
    }

    /// @param fault Which value of the signed message is another.
    function _faulty(uint256 fault, Action action, ActionMessage memory right, string memory name)
        private
        view
        returns (bytes memory)
    {
        ActionMessage memory message =
            ActionMessage(right.bountyId, right.signer, right.round, right.revision, right.deadline);
        if (fault == 0) message.bountyId += 1;
        if (fault == 1) message.signer = stranger;
        if (fault == 2) message.round += 1;
        if (fault == 3) message.revision += 1;
        if (fault == 4) message.deadline -= 1;
        if (fault == 5) return "";
        if (fault == 6) return _sign(action, message, "stranger");
        if (fault == 7) return _sign(action == Action.REJECT ? Action.APPROVE : Action.REJECT, message, name);
        return _sign(action, message, name);
    }

    function _sign(Action action, ActionMessage memory message, string memory name)
        private
        view
        returns (bytes memory)
    {
        return sign(keyNamed(name), _digestOf(action, message));
    }

    function _digestOf(Action action, ActionMessage memory message) private view returns (bytes32) {
        if (action == Action.APPROVE) return approveDigest(address(market), message);
        if (action == Action.REVISE) return reviseDigest(address(market), message, FEEDBACK);
        if (action == Action.REJECT) return rejectDigest(address(market), message);
        return abandonDigest(address(market), message);
    }

    function _send(Action action, ActionMessage memory message, bytes memory signature) private {
        (uint256 id, address signer, uint256 deadline) = (message.bountyId, message.signer, message.deadline);
        vm.prank(stranger);
        if (action == Action.APPROVE) {
            market.approveWorkWithSig(id, uint8(message.revision), signer, deadline, signature);
        } else if (action == Action.REVISE) {
            market.requestRevisionWithSig(id, FEEDBACK, signer, deadline, signature);
        } else if (action == Action.REJECT) {
            market.rejectWorkWithSig(id, signer, deadline, signature);
        } else {
            market.abandonClaimWithSig(id, deadline, signature);
        }
    }
}
