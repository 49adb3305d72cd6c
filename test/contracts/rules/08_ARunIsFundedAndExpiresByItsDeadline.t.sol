// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract ARunIsFundedAndExpiresByItsDeadline is BountyMarketTest {
    function test_GivenDraft_WhenFunded_BountyIsOpen() public {
        uint256 bountyId = _create();
        _expectEvent();
        emit IBountyMarket.BountyFunded(bountyId, poster, poster, 105e6);
        _expectTransfer(poster, address(market), 105e6);
        vm.recordLogs();
        _fund(bountyId);
        assertEq(_countMarketEvents(), 1);

        _assertBounty(bountyId, _unclaimed(OPEN));
        _assertEscrowed(0);
    }

    function test_RevertGiven_TooLittleUsdc_WhenFunded() public {
        uint256 bountyId = _create();
        vm.prank(poster);
        assertTrue(usdc.transfer(stranger, FUNDS - 105e6 + 1));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, poster, 105e6 - 1, 105e6)
        );
        _fund(bountyId);
        _assertState(bountyId, DRAFT);
    }

    function test_GivenClosed_WhenFundedAgain_BountyIsOpen() public {
        uint256 bountyId = _post();
        _close(bountyId);
        _fund(bountyId);
        _assertBounty(bountyId, _unclaimed(OPEN));
        assertEq(usdc.balanceOf(address(market)), 105e6);
    }

    function test_GivenDeadlinePassed_AnyoneExpiresAnOpenBounty() public {
        uint256 bountyId = _post();
        vm.warp(DEADLINE + 1);
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, 105e6);
        _expectTransfer(address(market), poster, 105e6);
        vm.recordLogs();
        vm.prank(stranger);
        market.expireBounty(bountyId);
        assertEq(_countMarketEvents(), 1);
        _assertBounty(bountyId, _unclaimed(DRAFT));
        _assertRefunded(0);
    }
}
