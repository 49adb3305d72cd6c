// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice `postBountyFor`: the payer is not the poster.
contract AnyoneMayPayForAPoster is BountyMarketTest {
    address private payer = makeAddr("payer");

    function setUp() public override {
        super.setUp();
        usdc.mint(payer, FUNDS);
        vm.prank(payer);
        usdc.approve(address(market), type(uint256).max);
    }

    function test_WhenPostedFor_TheCallerPaysAndThePosterHasTheBounty() public {
        _expectEvent();
        emit IBountyMarket.BountyCreated(1, poster, WORK, REWARD, FEE, LOCK, DEADLINE, 7 days, address(0));
        _expectEvent();
        emit IBountyMarket.BountyFunded(1, poster, payer, 105e6);
        _expectTransfer(payer, address(market), 105e6);
        uint256 bountyId = _postFor(poster);
        assertEq(bountyId, 1);
        _assertBounty(bountyId, _unclaimed(OPEN));
        assertEq(usdc.balanceOf(payer), FUNDS - 105e6);
        assertEq(usdc.balanceOf(poster), FUNDS);
    }

    function test_GivenThePosterAsThePayer_ItPaysForItsBounty() public {
        vm.prank(poster);
        uint256 bountyId = market.postBountyFor(poster, WORK, REWARD, DEADLINE, terms);
        _assertBounty(bountyId, _unclaimed(OPEN));
        assertEq(usdc.balanceOf(poster), FUNDS - 105e6);
    }

    /// @dev A refund is the poster's, so what it funds again is its own.
    function test_GivenClosed_WhenThePosterFundsAgain_ItIsThePayer() public {
        uint256 bountyId = _postFor(poster);
        _close(bountyId);
        _expectEvent();
        emit IBountyMarket.BountyFunded(bountyId, poster, poster, 105e6);
        _fund(bountyId);
    }

    function test_GivenTerms_TheyAreTheBountys() public {
        terms = IBountyMarket.Terms({workPeriod: 2 days, stakePercent: 25, evaluator: evaluator, claimant: address(0)});
        IBountyMarket.Bounty memory expected = _unclaimed(OPEN);
        expected.workPeriod = 2 days;
        expected.stake = 25e6;
        _assertBounty(_postFor(poster), expected);
    }

    function test_WhenRefunded_ThePosterIsPaidAndThePayerIsNot() public {
        uint256 bountyId = _postFor(poster);
        _close(bountyId);
        assertEq(usdc.balanceOf(poster), FUNDS + 105e6);
        assertEq(usdc.balanceOf(payer), FUNDS - 105e6);
    }

    function test_RevertGiven_ThePayer_WhenItActsAsThePoster() public {
        uint256 bountyId = _postFor(poster);
        bytes memory refusal = abi.encodeWithSelector(IBountyMarket.NotPoster.selector, bountyId, payer, poster);
        vm.expectRevert(refusal);
        vm.prank(payer);
        market.closeBounty(bountyId);
    }

    function test_RevertGiven_ZeroPoster() public {
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.ZeroAddress.selector));
        _postFor(address(0));
    }

    function test_RevertGiven_ACallerWithoutAllowanceOrInvalidTerms() public {
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 0, 105e6)
        );
        vm.prank(stranger);
        market.postBountyFor(poster, WORK, REWARD, DEADLINE, terms);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidStringLength.selector, 0, 128));
        market.postBountyFor(poster, "", REWARD, DEADLINE, terms);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.RewardOutOfRange.selector, 1, 10_000, MAX_REWARD));
        market.postBountyFor(poster, WORK, 1, DEADLINE, terms);
    }

    function _postFor(address account) private returns (uint256) {
        vm.prank(payer);
        return market.postBountyFor(account, WORK, REWARD, DEADLINE, terms);
    }
}
