// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ActionSigner} from "../support/ActionSigner.sol";
import {MeasuredAttacks} from "./support/MeasuredAttacks.sol";

/// @notice What was sent or signed before a reorg meets another run or another delivery after it: a call names a bounty's
/// id, a review also round and revision, and neither the text.
contract ReorgsTest is MeasuredAttacks, ActionSigner {
    uint256 private constant FOREVER = type(uint256).max;

    address private honest = makeAddr("honest agent");
    uint256 private honestAgent;

    function setUp() public override {
        super.setUp();
        honestAgent = registry.registerFor(honest, "ipfs://honest");
        _stakeAs(honest, honestAgent, 100_000e6);
    }

    /// @dev After the reorg another agent is the first to claim, and delivers garbage: it is paid.
    function test_GivenAReorg_AnApprovalPaysAnotherDelivery() public {
        _atEachReward(this.anApprovalAfterAReorg);
    }

    function anApprovalAfterAReorg(uint256 i) external {
        uint256 bountyId = _postAt(i);
        uint256 beforeReorg = vm.snapshotState();
        _deliverHonestly(bountyId);
        bytes memory approval = sign(keyNamed("poster"), approveDigest(address(market), _message(bountyId, poster)));
        vm.revertToState(beforeReorg);

        _claim(bountyId);
        _submit(bountyId);
        vm.prank(wallet);
        market.approveWorkWithSig(bountyId, 0, poster, FOREVER, approval);
        _assertGains(-_reward(i) - _fee(i), _reward(i), _fee(i));
    }

    /// @dev The same of a rejection: good work of another agent is rejected, which burns its stake.
    function test_GivenAReorg_ARejectionMeetsAnotherDelivery() public {
        terms.evaluator = evaluator;
        _atEachReward(this.aRejectionAfterAReorg);
    }

    function aRejectionAfterAReorg(uint256 i) external {
        uint256 bountyId = _postAt(i);
        uint256 beforeReorg = vm.snapshotState();
        _deliverHonestly(bountyId);
        bytes memory rejection =
            sign(keyNamed("evaluator"), rejectDigest(address(market), _message(bountyId, evaluator)));
        vm.revertToState(beforeReorg);

        _claim(bountyId);
        _submit(bountyId);
        vm.prank(honest);
        market.rejectWorkWithSig(bountyId, evaluator, FOREVER, rejection);
        _assertGains(-_fee(i), -_stakeAt(i), 0);
    }

    /// @dev A claim that the wallet sends by itself names no terms, unlike a signed one.
    function test_GivenAReorg_ASentClaimTakesOtherTerms() public {
        _atEachReward(this.aClaimAfterAReorg);
    }

    function aClaimAfterAReorg(uint256 i) external {
        uint256 beforeReorg = vm.snapshotState();
        uint256 bountyId = _postAt(i);
        vm.revertToState(beforeReorg);

        terms =
            IBountyMarket.Terms({workPeriod: 1 hours, stakePercent: 100, evaluator: evaluator, claimant: address(0)});
        assertEq(_postAt(i), bountyId);
        _claim(bountyId);
        skip(1 hours + 1);
        _slashExpired(bountyId);
        _close(bountyId);
        _assertGains(0, -_reward(i), 0);
    }

    /// @dev A close meets another run of the same poster, which gets its escrow back, but no other poster's.
    function test_GivenAReorg_ACloseGivesBackTheEscrowOfAnotherRun() public {
        _atEachReward(this.aCloseAfterAReorg);
    }

    function aCloseAfterAReorg(uint256 i) external {
        uint256 beforeReorg = vm.snapshotState();
        uint256 bountyId = _postAt(i);
        bytes memory signature =
            sign(keyNamed("poster"), closeDigest(address(market), bountyId, poster, START + 1 hours));
        vm.revertToState(beforeReorg);

        vm.prank(poster);
        assertEq(market.postBounty(FEEDBACK, 1e6, DEADLINE, terms), bountyId);
        market.closeBountyWithSig(bountyId, START + 1 hours, signature);
        _assertGains(0, 0, 0);
        vm.revertToState(beforeReorg);

        vm.prank(poster);
        assertEq(market.postBountyFor(stranger, FEEDBACK, 1e6, DEADLINE, terms), bountyId);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, stranger, 1));
        market.closeBountyWithSig(bountyId, START + 1 hours, signature);
    }

    function _deliverHonestly(uint256 bountyId) private {
        vm.startPrank(honest);
        market.claimBounty(bountyId, honestAgent);
        market.submitWork(bountyId, DELIVERABLE);
        vm.stopPrank();
    }

    /// @dev The first claim's first delivery.
    function _message(uint256 bountyId, address signer) private pure returns (ActionMessage memory) {
        return ActionMessage(bountyId, signer, 1, 0, FOREVER);
    }
}
