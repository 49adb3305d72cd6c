// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice USDC refuses one party, or all of them. No other party has to wait, and nothing is lost or paid twice.
contract BlacklistedPayeeTest is BountyMarketTest {
    function test_GivenWalletAndTreasuryBlacklisted_WhenApproved_BothAreOwed() public {
        uint256 bountyId = _postSubmitted();
        _blacklist(wallet);
        _blacklist(treasury);
        Balances memory expected = _balances();
        _expectEvent();
        emit IBountyMarket.PaymentDeferred(bountyId, wallet, REWARD);
        _approve(bountyId);

        _assertState(bountyId, IBountyMarket.State.APPROVED);
        expected.treasury += FEE;
        expected.market -= FEE;
        _assertBalances(expected);
        assertEq(market.owed(wallet), REWARD);
        assertEq(market.owed(treasury), FEE);
        _assertStake(STAKE, 0);
    }

    function test_GivenDeferred_WhenCollectedTwice_TheSecondTimeReverts() public {
        _deferBoth();
        _collectTwice(wallet, REWARD);
        _collectTwice(treasury, FEE - 1);
        assertEq(usdc.balanceOf(address(market)), 1, "the unit that stays");
    }

    function test_GivenDeferredTwice_WhenCollected_BothComeAtOnce() public {
        (uint256 first, uint256 second) = (_postSubmitted(), _postSubmitted());
        _blacklist(wallet);
        _approve(first);
        _approve(second);
        usdc.unBlacklist(wallet);
        _collectTwice(wallet, 2 * REWARD);
    }

    /// @dev The next payment does not depend on a debt.
    function test_GivenADebt_WhenPaidAgain_TheDebtStaysApart() public {
        _deferBoth();
        _approve(_postSubmitted());
        assertEq(usdc.balanceOf(wallet), REWARD);
        assertEq(market.owed(wallet), REWARD);
        assertEq(usdc.balanceOf(address(market)), REWARD + 2 * FEE, "what is owed");
    }

    /// @dev Every ending, by the poster and by any other account: the market owes the poster each refund.
    function test_GivenPosterBlacklisted_ItAndAnyoneEndItsRuns() public {
        (uint256 open, uint256 abandoned, uint256 closing) = (_post(), _postClaimed(), _postClaimed());
        uint256[2] memory late = [_postClaimed(), _postClaimed()];
        uint256[4] memory expired = [_post(), _post(), _post(), _post()];
        address[4] memory callers = [poster, stranger, address(0x1000), address(type(uint160).max)];
        _close(abandoned);
        _close(closing);
        _blacklist(poster);

        _expectRefundOwed(open);
        _close(open);
        _expectRefundOwed(abandoned);
        _abandon(abandoned);
        skip(7 days + 1);
        _expectRefundOwed(closing);
        _slashExpired(closing);
        vm.warp(uint256(DEADLINE) + 1);
        for (uint256 i = 0; i < late.length; ++i) {
            _expectRefundOwed(late[i]);
            vm.prank(callers[i]);
            market.slashExpired(late[i]);
        }
        for (uint256 i = 0; i < expired.length; ++i) {
            _expectRefundOwed(expired[i]);
            vm.prank(callers[i]);
            market.expireBounty(expired[i]);
        }
        for (uint256 bountyId = 1; bountyId <= 9; ++bountyId) {
            _assertState(bountyId, IBountyMarket.State.DRAFT);
        }
        usdc.unBlacklist(poster);
        _collectTwice(poster, 9 * (REWARD + FEE));
    }

    /// @dev A pause stops no ending: the poster of a closing run, and of one past its deadline, slashes as any other does.
    function test_GivenPausedUsdc_ThePosterClosesAndSlashes() public {
        (uint256 open, uint256 closing) = (_post(), _postClaimed());
        _close(closing);
        skip(7 days + 1);
        usdc.pause();
        _close(open);
        _slashExpired(closing);
        _assertState(open, IBountyMarket.State.DRAFT);
        _assertState(closing, IBountyMarket.State.DRAFT);
        vm.expectPartialRevert(IBountyMarket.InvalidState.selector);
        _submit(closing);
        usdc.unpause();
        _collectTwice(poster, 2 * (REWARD + FEE));
        _collectTwice(BURN, LOCK);
    }

    /// @dev Accepted: Circle can freeze the market itself. Runs still end, and their payments are owed.
    function test_GivenMarketBlacklisted_RunsEndAndAreOwed() public {
        uint256 bountyId = _postSubmitted();
        _blacklist(address(market));
        _approve(bountyId);
        _assertStake(STAKE, 0);
        usdc.unBlacklist(address(market));
        _collectTwice(wallet, REWARD);
        _collectTwice(treasury, FEE - 1);
    }

    /// @dev The same for the staking contract. Every run still ends; stake lost in that time is burned later.
    function test_GivenStakingBlacklisted_RunsEndAndTheBurnIsOwed() public {
        (uint256 late, uint256 delivered) = (_postClaimed(), _postSubmitted());
        _blacklist(address(staking));
        _approve(delivered);
        assertEq(usdc.balanceOf(wallet), REWARD);
        skip(7 days + 1);
        _slashExpired(late);
        _assertStake(STAKE - LOCK, 0);
        usdc.unBlacklist(address(staking));
        _collectTwice(BURN, LOCK);
    }

    function _deferBoth() private {
        uint256 bountyId = _postSubmitted();
        _blacklist(wallet);
        _blacklist(treasury);
        _approve(bountyId);
        usdc.unBlacklist(wallet);
        usdc.unBlacklist(treasury);
    }

    function _expectRefundOwed(uint256 bountyId) private {
        _expectEvent();
        emit IBountyMarket.BountyWithdrawn(bountyId, poster, REWARD + FEE);
        _expectEvent();
        emit IBountyMarket.PaymentDeferred(bountyId, poster, REWARD + FEE);
    }

    /// @dev Of the treasury's, one unit stays.
    function _collectTwice(address payee, uint256 amount) private {
        uint256 before = usdc.balanceOf(payee);
        _expectEvent();
        emit IBountyMarket.PaymentCollected(payee, amount);
        vm.prank(stranger);
        market.collect(payee);
        assertEq(usdc.balanceOf(payee), before + amount);
        assertEq(market.owed(payee), payee == treasury ? 1 : 0);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NothingOwed.selector, payee));
        market.collect(payee);
    }

    function _blacklist(address account) private {
        usdc.blacklist(account);
    }
}
