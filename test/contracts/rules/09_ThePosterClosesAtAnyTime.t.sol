// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ActionSigner} from "../support/ActionSigner.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice `closeBounty` and `closeBountyWithSig`.
contract ThePosterClosesAtAnyTime is BountyMarketTest, ActionSigner {
    function test_GivenOpen_WhenClosed_TheEscrowGoesBackAtOnce() public {
        uint256 bountyId = _post();
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, 105e6);
        _expectTransfer(address(market), poster, 105e6);
        vm.recordLogs();
        _close(bountyId);
        assertEq(_countMarketEvents(), 1);
        _assertBounty(bountyId, _unclaimed(DRAFT));
        _assertRefunded(0);
    }

    function test_GivenClaimed_WhenClosed_TheClaimGoesOn() public {
        bool[2] memory starts = [false, true];
        for (uint256 i = 0; i < starts.length; ++i) {
            uint256 bountyId = _postClaimed();
            if (starts[i]) _start(bountyId);
            _expectEvent();
            emit IBountyMarket.BountyClosing(bountyId, poster);
            vm.recordLogs();
            _close(bountyId);
            assertEq(_countMarketEvents(), 1);
            IBountyMarket.Bounty memory expected = _claimed(starts[i] ? IN_PROGRESS : CLAIMED, START);
            expected.closing = true;
            _assertBounty(bountyId, expected);

            _submit(bountyId);
            _approve(bountyId);
            expected.state = APPROVED;
            _assertBounty(bountyId, expected);
        }
    }

    function test_GivenClosing_WhenAbandoned_TheEscrowGoesBack() public {
        uint256 bountyId = _postClaimed();
        _close(bountyId);
        _expectEvent();
        emit IBountyMarket.ClaimAbandoned(bountyId, AGENT, poster, LOCK, 1);
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, 105e6);
        _expectTransfer(address(staking), BURN, LOCK);
        _expectTransfer(address(market), poster, 105e6);
        vm.recordLogs();
        _abandon(bountyId);
        assertEq(_countMarketEvents(), 2);
        _assertUnclaimed(bountyId, DRAFT, 1);
        _assertRefunded(LOCK);
    }

    /// @dev A claim that would withdraw the bounty in any case.
    function test_GivenClosing_WhenLostAfterTheDeadline_TheEscrowGoesBack() public {
        uint256[2] memory bounties = [_post(), _post()];
        vm.warp(DEADLINE);
        for (uint256 i = 0; i < bounties.length; ++i) {
            _claim(bounties[i]);
            _close(bounties[i]);
        }
        skip(1);
        _abandon(bounties[0]);
        _assertUnclaimed(bounties[0], DRAFT, 1);
        skip(7 days);
        _slashExpired(bounties[1]);
        _assertUnclaimed(bounties[1], DRAFT, 1);
        _assertRefunded(2 * LOCK);
    }

    /// @dev Funded again, the bounty opens again after a lost claim.
    function test_WhenADraftAgain_ItIsNoLongerClosing() public {
        uint256 bountyId = _postClaimed();
        _close(bountyId);
        _abandon(bountyId);
        _fund(bountyId);
        _claim(bountyId);
        assertFalse(market.getBounty(bountyId).closing);
        _abandon(bountyId);
        _assertUnclaimed(bountyId, OPEN, 2);
    }

    function test_GivenTermsAndALostClaim_TheyStayWhenClosed() public {
        terms = IBountyMarket.Terms({workPeriod: 30 days, stakePercent: 40, evaluator: evaluator, claimant: address(0)});
        uint256 bountyId = _postClaimed();
        _abandon(bountyId);
        _claim(bountyId);
        _close(bountyId);
        _abandon(bountyId);
        IBountyMarket.Bounty memory expected = _unclaimed(DRAFT);
        expected.stake = 40e6;
        expected.workPeriod = 30 days;
        expected.round = 2;
        _assertBounty(bountyId, expected);
    }

    function test_RevertGiven_Closing_WhenClosedAgain() public {
        uint256 bountyId = _postClaimed();
        _close(bountyId);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.BountyIsClosing.selector, bountyId));
        _close(bountyId);
    }

    function test_GivenSignature_AnyoneCloses() public {
        uint256 open = _post();
        _closeSigned(open, START + 1 hours, _signature(open, START + 1 hours));
        _assertBounty(open, _unclaimed(DRAFT));
        _assertRefunded(0);

        uint256 claimed = _postClaimed();
        _expectEvent();
        emit IBountyMarket.BountyClosing(claimed, poster);
        _closeSigned(claimed, START + 1 hours, _signature(claimed, START + 1 hours));
        assertTrue(market.getBounty(claimed).closing);
    }

    /// @dev It names no round: anyone that has it can close again what is funded again within its hour.
    function test_GivenFundedAgain_WithinItsHourTheSignatureClosesAgain() public {
        uint256 bountyId = _post();
        bytes memory signature = _signature(bountyId, START + 1 hours);
        _closeSigned(bountyId, START + 1 hours, signature);
        _fund(bountyId);
        vm.warp(START + 1 hours);
        _closeSigned(bountyId, START + 1 hours, signature);
        _assertState(bountyId, DRAFT);

        _fund(bountyId);
        vm.warp(START + 1 hours + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IBountyMarket.SignatureExpired.selector, START + 1 hours, START + 1 hours + 1)
        );
        _closeSigned(bountyId, START + 1 hours, signature);
    }

    function test_RevertGiven_SignatureOfMoreThanAnHour_WhenClosed() public {
        uint256 bountyId = _post();
        bytes[2] memory signatures = [_signature(bountyId, START + 1 hours + 1), bytes("")];
        for (uint256 i = 0; i < signatures.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IBountyMarket.SignatureTooLong.selector, START + 1 hours + 1, START + 1 hours)
            );
            _closeSigned(bountyId, START + 1 hours + 1, signatures[i]);
        }
    }

    function test_RevertGiven_AnotherSignature_WhenClosed() public {
        uint256 bountyId = _postClaimed();
        _abandon(bountyId);
        bytes32[4] memory digests = [
            closeDigest(address(market), bountyId + 1, poster, START),
            closeDigest(address(market), bountyId, stranger, START),
            closeDigest(address(market), bountyId, poster, START + 1),
            closeDigest(address(staking), bountyId, poster, START)
        ];
        bytes memory invalid = abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, poster, 2);
        for (uint256 i = 0; i < digests.length; ++i) {
            vm.expectRevert(invalid);
            _closeSigned(bountyId, START, sign(keyNamed("poster"), digests[i]));
        }
        bytes memory others = sign(walletKey, closeDigest(address(market), bountyId, poster, START));
        vm.expectRevert(invalid);
        _closeSigned(bountyId, START, others);
        vm.expectRevert(invalid);
        _closeSigned(bountyId, START, "");
    }

    function test_WhenClosed_OtherEscrowsAreLeftAlone() public {
        uint256 bountyId = _post(10_019);
        _post();
        _close(bountyId);
        assertEq(usdc.balanceOf(address(market)), 105e6);
        assertEq(usdc.balanceOf(poster), FUNDS - 105e6);
    }

    function _closeSigned(uint256 bountyId, uint256 deadline, bytes memory signature) private {
        vm.prank(stranger);
        market.closeBountyWithSig(bountyId, deadline, signature);
    }

    function _signature(uint256 bountyId, uint256 deadline) private view returns (bytes memory) {
        return sign(keyNamed("poster"), closeDigest(address(market), bountyId, poster, deadline));
    }
}
