// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {selectorOf} from "../support/selectorOf.sol";

/// @notice An account is a party or it is not: that its address is lower or higher than the party's makes no difference.
contract BountyMarketAddressesTest is BountyMarketTest {
    address[2] private ends = [address(0x1000), address(type(uint160).max)];

    function test_AnyTreasuryThatCanSpendIsAccepted() public {
        for (uint256 i = 0; i < ends.length; ++i) {
            market = new BountyMarket(address(usdc), address(registry), ends[i], ends[i], MAX_REWARD, new address[](0));
            assertEq(market.TREASURY(), ends[i]);
        }
    }

    function test_RevertGiven_AnotherAccount_WhenItActsAboutARun() public {
        uint256 bountyId = _create();
        _assertRefused(abi.encodeCall(market.fundBounty, (bountyId)), IBountyMarket.NotPoster.selector);
        bountyId = _post();
        _assertRefused(abi.encodeCall(market.closeBounty, (bountyId)), IBountyMarket.NotPoster.selector);
        _assertRefused(abi.encodeCall(market.claimBounty, (bountyId, AGENT)), IBountyMarket.NotAgentWallet.selector);
        _claim(bountyId);
        _assertRefused(abi.encodeCall(market.startWork, (bountyId)), IBountyMarket.NotClaimingWallet.selector);
        _assertRefused(
            abi.encodeCall(market.submitWork, (bountyId, DELIVERABLE)), IBountyMarket.NotClaimingWallet.selector
        );
        _assertRefused(abi.encodeCall(market.abandonClaim, (bountyId)), IBountyMarket.NotClaimingWallet.selector);
        skip(7 days + 1);
        _assertRefused(abi.encodeCall(market.slashExpired, (bountyId)), IBountyMarket.SubmissionNotOverdue.selector);
        _submit(bountyId);
        _assertRefused(
            abi.encodeCall(market.requestRevision, (bountyId, FEEDBACK)), IBountyMarket.NotEvaluator.selector
        );
        _assertRefused(abi.encodeCall(market.approveWork, (bountyId, 0)), IBountyMarket.NotPosterOrEvaluator.selector);
        _assertRefused(abi.encodeCall(market.rejectWork, (bountyId)), IBountyMarket.NotEvaluator.selector);
        _requestRevision(bountyId);
        skip(7 days + 1);
        _assertRefused(abi.encodeCall(market.rejectOverdue, (bountyId)), IBountyMarket.SubmissionNotOverdue.selector);
    }

    function test_RevertGiven_AnotherAccount_WhenItActsAboutStake() public {
        for (uint256 i = 0; i < ends.length; ++i) {
            vm.startPrank(ends[i]);
            vm.expectPartialRevert(IAgentStaking.NotAgentWalletOrOwner.selector);
            staking.stake(AGENT, 1);
            vm.expectPartialRevert(IAgentStaking.NotAgentWalletOrOwner.selector);
            staking.unstake(AGENT, 1);
            vm.expectPartialRevert(IAgentStaking.NotMarket.selector);
            staking.lock(AGENT, 1, 1);
            vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentOwner.selector, AGENT, ends[i], owner));
            staking.stakeFor(AGENT, ends[i], 1);
            vm.stopPrank();
        }
    }

    function test_AnyNamedEvaluatorRejectsAtOnce() public {
        for (uint256 i = 0; i < ends.length; ++i) {
            terms.evaluator = ends[i];
            uint256 bountyId = _postSubmitted();
            _reject(bountyId);
            _assertState(bountyId, IBountyMarket.State.REJECTED);
        }
    }

    function test_GivenBlacklistedPoster_WhenAnyoneExpires_TheRefundIsOwed() public {
        uint256[2] memory bountyIds = [_post(), _post()];
        usdc.blacklist(poster);
        vm.warp(DEADLINE + 1);
        for (uint256 i = 0; i < ends.length; ++i) {
            vm.prank(ends[i]);
            market.expireBounty(bountyIds[i]);
            assertEq(market.owed(poster), (i + 1) * 105e6);
        }
    }

    /// @dev A wallet that ends the review itself is owed its reward too, where USDC refuses it.
    function test_GivenARefusedWallet_WhenItFinalizesItself_TheRewardIsOwed() public {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(wallet);
        skip(7 days + 1);
        vm.prank(wallet);
        market.finalizeReview(bountyId);
        _assertState(bountyId, IBountyMarket.State.APPROVED);
        assertEq(market.owed(wallet), REWARD);
    }

    /// @dev Also while lost stake waits to be burned, which only the burn address's debt includes.
    function test_GivenUnburnedStake_WhenAnyPayeeCollects_ItsWholeDebtIsPaid() public {
        for (uint256 i = 0; i < ends.length; ++i) {
            vm.prank(poster);
            market.postBountyFor(ends[i], WORK, REWARD, DEADLINE, terms);
            usdc.blacklist(ends[i]);
        }
        uint256 claimed = _postClaimed();
        usdc.blacklist(address(staking));
        _abandon(claimed);
        usdc.unBlacklist(address(staking));
        assertEq(staking.unburned(), LOCK);

        vm.warp(DEADLINE + 1);
        for (uint256 i = 0; i < ends.length; ++i) {
            market.expireBounty(i + 1);
            usdc.unBlacklist(ends[i]);
            market.collect(ends[i]);
            assertEq(usdc.balanceOf(ends[i]), 105e6);
            assertEq(staking.unburned(), LOCK);
        }
        market.collect(BURN);
        assertEq(usdc.balanceOf(BURN), LOCK);
    }

    function _assertRefused(bytes memory data, bytes4 refusal) private {
        for (uint256 i = 0; i < ends.length; ++i) {
            vm.prank(ends[i]);
            (bool done, bytes memory answer) = address(market).call(data);
            assertFalse(done);
            assertTrue(selectorOf(answer) == refusal, "the error");
        }
    }
}
