// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract TheClaimingWalletDeliversAlsoLate is BountyMarketTest {
    function test_GivenClaimed_WhenStarted_WorkIsInProgressAndTimeRunsOn() public {
        uint256 bountyId = _postClaimed();
        skip(1 days);
        _expectEvent();
        emit IBountyMarket.WorkStarted(bountyId, AGENT);
        vm.recordLogs();
        _start(bountyId);
        assertEq(_countMarketEvents(), 1);
        _assertBounty(bountyId, _claimed(IN_PROGRESS, START));
    }

    function test_WhenSubmitted_ReviewBegins() public {
        IBountyMarket.State[3] memory from = [CLAIMED, IN_PROGRESS, REVISION_REQUESTED];
        for (uint40 i = 0; i < from.length; ++i) {
            uint256 bountyId = _bountyIn(from[i]);
            skip(1 days);
            uint40 time = START + (i + 1) * 1 days;
            _expectEvent();
            emit IBountyMarket.WorkSubmitted(bountyId, AGENT, DELIVERABLE, time + 7 days, 1, i / 2);
            vm.recordLogs();
            _submit(bountyId);
            assertEq(_countMarketEvents(), 1);

            IBountyMarket.Bounty memory expected = _claimed(SUBMITTED, time);
            if (from[i] == REVISION_REQUESTED) expected.revisions = 1;
            _assertBounty(bountyId, expected);
        }
    }

    function test_GivenOverdue_WhenSubmittedBeforeASlash_WorkIsAccepted() public {
        uint256 bountyId = _postClaimed();
        vm.warp(START + 100 days);
        _submit(bountyId);
        _assertBounty(bountyId, _claimed(SUBMITTED, START + 100 days));
    }

    function test_GivenAgentSold_FormerWalletGoesOnAlone() public {
        uint256 bountyId = _postClaimed();
        _sell(stranger);
        _expectNotClaimingWallet(bountyId, stranger);
        vm.prank(stranger);
        market.startWork(bountyId);
        _start(bountyId);
        _expectNotClaimingWallet(bountyId, stranger);
        vm.prank(stranger);
        market.submitWork(bountyId, DELIVERABLE);
        _submit(bountyId);
        _assertState(bountyId, SUBMITTED);
    }

    function test_GivenBanned_LiveRunGoesOn() public {
        uint256 bountyId = _postClaimed();
        _ban();
        _start(bountyId);
        _submit(bountyId);
        _requestRevision(bountyId);
        _submit(bountyId);
        _approve(bountyId);
        _assertState(bountyId, APPROVED);
        assertEq(usdc.balanceOf(wallet), REWARD);
    }

    function test_StringsHoldOneToOneHundredTwentyEightBytes() public {
        string memory longest = string(new bytes(128));
        uint256 bountyId = _postClaimed();
        vm.prank(wallet);
        market.submitWork(bountyId, longest);
        vm.prank(poster);
        market.requestRevision(bountyId, longest);
        vm.prank(wallet);
        market.submitWork(bountyId, "Q");
        vm.prank(poster);
        market.requestRevision(bountyId, "Q");

        string[2] memory refused = ["", string(new bytes(129))];
        for (uint256 i = 0; i < refused.length; ++i) {
            _expectStringLength(bytes(refused[i]).length);
            vm.prank(wallet);
            market.submitWork(bountyId, refused[i]);
        }
        _submit(bountyId);
        for (uint256 i = 0; i < refused.length; ++i) {
            _expectStringLength(bytes(refused[i]).length);
            vm.prank(poster);
            market.requestRevision(bountyId, refused[i]);
        }
    }

    function _expectNotClaimingWallet(uint256 bountyId, address caller) private {
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NotClaimingWallet.selector, bountyId, caller, wallet));
    }

    function _expectStringLength(uint256 length) private {
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidStringLength.selector, length, 128));
    }
}
