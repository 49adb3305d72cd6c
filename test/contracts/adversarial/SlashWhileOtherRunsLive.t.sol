// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice A slash, a freeze and a ban do not affect the agent's other runs.
contract SlashWhileOtherRunsLiveTest is BountyMarketTest {
    function test_GivenASubmittedRun_WhenAnotherIsSlashed_TheSubmittedOneIsPaid() public {
        (uint256 expired, uint256 submitted) = (_postClaimed(), _postSubmitted());
        skip(7 days + 1);
        _slashExpired(expired);
        _assertStake(STAKE - LOCK, LOCK);
        Balances memory expected = _balances();

        _approve(submitted);

        _assertStake(STAKE - LOCK, 0);
        expected.wallet += REWARD;
        expected.treasury += FEE;
        expected.market -= REWARD + FEE;
        _assertBalances(expected);
        _assertStatus(IAgentStaking.Status.FROZEN);
    }

    function test_GivenASlashThatLeftLessThanTheMinimum_WhenTheOtherRunIsApproved_ItsLockIsFree() public {
        _unstake(STAKE - 20e6);
        (uint256 expired, uint256 submitted) = (_postClaimed(), _postSubmitted());
        _assertStake(20e6, 20e6);
        skip(7 days + 1);
        _slashExpired(expired);
        _assertStake(10e6, 10e6);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.StakeIsLocked.selector, AGENT, 10e6 - 1, 20e6));
        _unstake(1);

        _approve(submitted);
        _unstake(10e6);
        _assertStake(0, 0);
    }

    function test_GivenFrozen_WhenTheOtherRunGoesItsWholeWay_NothingAsksForTheStatus() public {
        (uint256 expired, uint256 live) = (_postClaimed(), _postClaimed());
        skip(7 days + 1);
        _slashExpired(expired);
        _start(live);
        for (uint256 i = 0; i < 3; ++i) {
            _submit(live);
            _requestRevision(live);
        }
        _submit(live);
        _reject(live);
        _assertState(live, REJECTED);
        _assertStake(STAKE - 2 * LOCK, 0);
        (,,,, uint256 slashes,,) = staking.accountOf(AGENT);
        assertEq(slashes, 1, "a rejection is no slash");
    }

    function test_WhenSlashedTheThirdTime_TheAgentIsBannedAndItsFourthRunEnds() public {
        _expire();
        _stake(1);
        _expire();
        _stake(1);
        uint256 live = _postSubmitted();
        _expire();
        uint256 open = _post();
        _assertStatus(IAgentStaking.Status.BANNED);

        market.finalizeReview(live);
        assertEq(usdc.balanceOf(wallet), REWARD);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.AgentIsBanned.selector, AGENT));
        _claim(open);
    }

    /// @dev One absence is one count, also where a stranger unfreezes the agent between the slashes. Each costs its stake.
    function test_GivenThreeRunsMissedInOneAbsence_TheyCountOnce() public {
        bool[2] memory unfreezes = [false, true];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256[3] memory expired = [_postClaimed(), _postClaimed(), _postClaimed()];
            skip(7 days + 1);
            for (uint256 j = 0; j < 3; ++j) {
                _slashExpired(expired[j]);
                _assertStatus(IAgentStaking.Status.FROZEN);
                if (unfreezes[i]) _stakeByAStranger();
            }
            (uint256 staked,,,, uint256 slashes,, bool banned) = staking.accountOf(AGENT);
            assertEq(slashes, 1);
            assertFalse(banned);
            assertEq(usdc.balanceOf(BURN), 3 * LOCK);
            assertEq(staked, STAKE - 3 * LOCK + (unfreezes[i] ? 3 : 0));
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /// @dev A claim that it makes after it was unfrozen is another absence, in the same second too.
    function test_GivenAClaimAfterTheUnfreeze_WhenItIsMissedToo_ItCounts() public {
        _expire();
        _stake(1);
        _expire();
        (,,,, uint256 slashes,,) = staking.accountOf(AGENT);
        assertEq(slashes, 2);
    }

    function test_GivenBannedByTheOwner_WhenALiveRunExpires_ItIsSlashedAllTheSame() public {
        uint256 live = _postClaimed();
        _ban();
        skip(7 days + 1);
        uint256 funds = usdc.balanceOf(poster);
        _slashExpired(live);
        _close(live);
        assertEq(usdc.balanceOf(poster), funds + REWARD + FEE);
        assertEq(usdc.balanceOf(BURN), LOCK);
        _assertState(live, DRAFT);
    }

    /// @dev Accepted: stake follows the token, so the buyer's stake is slashed for the seller's run.
    function test_GivenSold_WhenTheSellersRunExpires_TheBuyersStakeIsSlashed() public {
        uint256 live = _postClaimed();
        _sell(stranger);
        skip(7 days + 1);
        _slashExpired(live);
        _assertStatus(IAgentStaking.Status.FROZEN);

        vm.prank(stranger);
        staking.unstake(AGENT, STAKE - LOCK);
        assertEq(usdc.balanceOf(stranger), STAKE - LOCK);
    }

    function _expire() private {
        uint256 bountyId = _postClaimed();
        skip(7 days + 1);
        _slashExpired(bountyId);
    }

    function _stakeByAStranger() private {
        usdc.mint(stranger, 1);
        vm.startPrank(stranger);
        usdc.approve(address(staking), 1);
        staking.stakeFor(AGENT, owner, 1);
        vm.stopPrank();
    }
}
