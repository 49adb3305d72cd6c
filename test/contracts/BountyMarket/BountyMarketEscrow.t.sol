// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract BountyMarketEscrowTest is BountyMarketTest {
    function test_GivenDraft_WhenFunded_BountyIsOpen() public {
        uint256 bountyId = _create();
        _expectEvent();
        emit IBountyMarket.BountyFunded(bountyId, poster, poster, 105e6);
        _expectTransfer(poster, address(market), 105e6);
        vm.recordLogs();
        _fund(bountyId);
        assertEq(_countMarketEvents(), 1);

        _assertBounty(bountyId, _unclaimed(IBountyMarket.State.OPEN));
        _assertBalances(
            Balances({poster: FUNDS - 105e6, wallet: 0, treasury: 0, market: 105e6, staking: STAKE, burned: 0})
        );
    }

    function test_RevertGiven_TooLittleUsdc_WhenFunded() public {
        uint256 bountyId = _create();
        vm.prank(poster);
        assertTrue(usdc.transfer(stranger, FUNDS - 105e6 + 1));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, poster, 105e6 - 1, 105e6)
        );
        _fund(bountyId);
        _assertState(bountyId, IBountyMarket.State.DRAFT);
    }

    function test_GivenDeadlinePassed_WhenClosed_BountyIsPaidBack() public {
        uint256 bountyId = _post();
        vm.warp(uint256(DEADLINE) + 1000 days);
        _close(bountyId);
        assertEq(usdc.balanceOf(poster), FUNDS);
    }

    function test_GivenClosed_WhenFundedAgain_BountyIsOpen() public {
        uint256 bountyId = _post();
        _close(bountyId);
        _fund(bountyId);
        _assertBounty(bountyId, _unclaimed(IBountyMarket.State.OPEN));
        assertEq(usdc.balanceOf(address(market)), 105e6);
    }

    function test_WhenClosed_OtherEscrowsAreLeftAlone() public {
        uint256 bountyId = _post(10_019);
        _post();
        _close(bountyId);
        assertEq(usdc.balanceOf(address(market)), 105e6);
        assertEq(usdc.balanceOf(poster), FUNDS - 105e6);
    }

    function _fund(uint256 bountyId) private {
        vm.prank(poster);
        market.fundBounty(bountyId);
    }
}
