// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SignedFunding} from "../../../contracts/SignedFunding.sol";
import {ActionSigner} from "../support/ActionSigner.sol";
import {AuthorizationSigner} from "../support/AuthorizationSigner.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {UnstakeSigner} from "../support/UnstakeSigner.sol";

/// @notice What each signed form costs beside the plain one, as a receipt shows it, in steady state. Forge compares it with
/// snapshots/signedForms.json.
contract GasOfSignedFormsTest is BountyMarketTest, ActionSigner, AuthorizationSigner, UnstakeSigner {
    string private constant GROUP = "signedForms";
    uint256 private constant FOREVER = type(uint256).max;

    SignedFunding private funding;
    address private sender = makeAddr("sender");

    function setUp() public override {
        super.setUp();
        funding = new SignedFunding(address(market));
        _approve(_postSubmitted());
        // Stays open, so that neither the market's escrow nor the agent's lock falls to zero.
        _postClaimed();
        // Neither does a later burn write a new slot, nor a later signed payment or withdrawal.
        usdc.mint(BURN, 1);
        usdc.mint(address(funding), 1);
        _sendUnstake(_unstakeSignature(0), 0);
    }

    /// forge-config: default.isolate = true
    function test_Start() public {
        _start(_postClaimed());
        _snapshot("startWork");
        uint256 bountyId = _postClaimed();
        bytes memory signature = sign(walletKey, startDigest(address(market), bountyId, wallet, 1, FOREVER));
        vm.prank(sender);
        market.startWorkWithSig(bountyId, FOREVER, signature);
        _snapshot("startWorkWithSig");
    }

    /// forge-config: default.isolate = true
    function test_Submit() public {
        _submit(_postClaimed());
        _snapshot("submitWork");
        uint256 bountyId = _postClaimed();
        SubmitMessage memory message = SubmitMessage(bountyId, wallet, 1, 0, DELIVERABLE, FOREVER);
        bytes memory signature = sign(walletKey, submitDigest(address(market), message));
        vm.prank(sender);
        market.submitWorkWithSig(bountyId, DELIVERABLE, FOREVER, signature);
        _snapshot("submitWorkWithSig");
    }

    /// forge-config: default.isolate = true
    function test_Approve() public {
        uint256 bountyId = _postSubmitted();
        vm.prank(poster);
        market.approveWork(bountyId, 0);
        _snapshot("approveWork");
        bountyId = _postSubmitted();
        bytes memory signature = sign(keyNamed("poster"), approveDigest(address(market), _message(bountyId, poster)));
        vm.prank(sender);
        market.approveWorkWithSig(bountyId, 0, poster, FOREVER, signature);
        _snapshot("approveWorkWithSig");
    }

    /// forge-config: default.isolate = true
    function test_RequestRevision() public {
        _requestRevision(_postSubmitted());
        _snapshot("requestRevision");
        uint256 bountyId = _postSubmitted();
        bytes32 digest = reviseDigest(address(market), _message(bountyId, poster), FEEDBACK);
        bytes memory signature = sign(keyNamed("poster"), digest);
        vm.prank(sender);
        market.requestRevisionWithSig(bountyId, FEEDBACK, poster, FOREVER, signature);
        _snapshot("requestRevisionWithSig");
    }

    /// forge-config: default.isolate = true
    function test_Reject() public {
        _reject(_postRejectable());
        _snapshot("rejectWork");
        uint256 bountyId = _postRejectable();
        ActionMessage memory message = _message(bountyId, poster);
        message.revision = 3;
        bytes memory signature = sign(keyNamed("poster"), rejectDigest(address(market), message));
        vm.prank(sender);
        market.rejectWorkWithSig(bountyId, poster, FOREVER, signature);
        _snapshot("rejectWorkWithSig");
    }

    /// forge-config: default.isolate = true
    function test_Abandon() public {
        _abandon(_postClaimed());
        _snapshot("abandonClaim");
        uint256 bountyId = _postClaimed();
        bytes memory signature = sign(walletKey, abandonDigest(address(market), _message(bountyId, wallet)));
        vm.prank(sender);
        market.abandonClaimWithSig(bountyId, FOREVER, signature);
        _snapshot("abandonClaimWithSig");
    }

    /// forge-config: default.isolate = true
    function test_Close() public {
        uint256 bountyId = _postClaimed();
        _close(bountyId);
        _snapshot("closeBounty");
        bountyId = _postClaimed();
        bytes memory signature =
            sign(keyNamed("poster"), closeDigest(address(market), bountyId, poster, START + 1 hours));
        vm.prank(sender);
        market.closeBountyWithSig(bountyId, START + 1 hours, signature);
        _snapshot("closeBountyWithSig");
    }

    /// forge-config: default.isolate = true
    function test_NameClaimant() public {
        terms.claimant = poster;
        uint256 bountyId = _post();
        _snapshot("postBounty with a claimant");
        vm.prank(poster);
        market.nameClaimant(bountyId, wallet);
        _snapshot("nameClaimant");
        bountyId = _post();
        bytes memory signature = sign(
            keyNamed("poster"), nameDigest(address(market), NameMessage(bountyId, poster, 1, wallet, START + 1 hours))
        );
        vm.prank(sender);
        market.nameClaimantWithSig(bountyId, wallet, 1, START + 1 hours, signature);
        _snapshot("nameClaimantWithSig");
        _claim(bountyId);
        _snapshot("claimBounty by the claimant");
    }

    /// forge-config: default.isolate = true
    function test_RejectByAnEvaluator() public {
        terms.evaluator = sender;
        uint256 bountyId = _postSubmitted();
        vm.prank(sender);
        market.rejectWork(bountyId);
        _snapshot("rejectWork by an evaluator");
    }

    /// forge-config: default.isolate = true
    function test_Unstake() public {
        _unstake(1e6);
        _snapshot("unstake");
        _sendUnstake(_unstakeSignature(1), 1);
        _snapshot("unstakeWithSig");
    }

    /// forge-config: default.isolate = true
    function test_Post() public {
        _post();
        _snapshot("postBounty");
        vm.prank(poster);
        market.postBountyFor(stranger, WORK, REWARD, DEADLINE, terms);
        _snapshot("postBountyFor");
        uint256 validBefore = START + 1 hours;
        bytes32 nonce = keccak256(
            abi.encode(keccak256("postBounty"), poster, WORK, REWARD, DEADLINE, terms, 0, validBefore, bytes32(0))
        );
        bytes memory signature = _authorize("poster", poster, REWARD + FEE, validBefore, nonce);
        vm.prank(sender);
        funding.postBounty(poster, WORK, REWARD, DEADLINE, terms, 0, validBefore, 0, signature);
        _snapshot("postBounty by SignedFunding");
    }

    /// forge-config: default.isolate = true
    function test_Stake() public {
        _stake(1e6);
        _snapshot("stake");
        vm.prank(owner);
        staking.stakeFor(AGENT, owner, 1e6);
        _snapshot("stakeFor");
        uint256 validBefore = START + 1 hours;
        bytes32 nonce = keccak256(
            abi.encode(keccak256("stake"), owner, uint256(AGENT), owner, uint256(1e6), 0, validBefore, bytes32(0))
        );
        bytes memory signature = _authorize("agent owner", owner, 1e6, validBefore, nonce);
        vm.prank(sender);
        funding.stake(owner, AGENT, owner, 1e6, 0, validBefore, 0, signature);
        _snapshot("stake by SignedFunding");
    }

    function _message(uint256 bountyId, address signer) private pure returns (ActionMessage memory) {
        return ActionMessage(bountyId, signer, 1, 0, FOREVER);
    }

    function _authorize(string memory name, address from, uint256 value, uint256 validBefore, bytes32 nonce)
        private
        view
        returns (bytes memory)
    {
        Authorization memory authorization = Authorization(from, address(funding), value, 0, validBefore, nonce);
        return sign(keyNamed(name), authorizationDigest(usdc, authorization));
    }

    function _unstakeSignature(uint256 nonce) private view returns (bytes memory) {
        UnstakeMessage memory message = UnstakeMessage(AGENT, owner, 1e6, nonce, START + 1 hours);
        return sign(keyNamed("agent owner"), unstakeDigest(address(staking), message));
    }

    function _sendUnstake(bytes memory signature, uint256 nonce) private {
        vm.prank(sender);
        staking.unstakeWithSig(AGENT, 1e6, owner, nonce, START + 1 hours, signature);
    }

    function _snapshot(string memory name) private {
        vm.snapshotGasLastCall(GROUP, name);
    }
}
