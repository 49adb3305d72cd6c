// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract AnAgentClaimsWith20UsdcAtStake is BountyMarketTest {
    function test_WhenClaimed_BountyIsTheWalletsAndStakeIsLocked() public {
        uint256 bountyId = _post();
        skip(1 days);
        _expectEvent();
        emit IBountyMarket.BountyClaimed(bountyId, AGENT, wallet, LOCK, 1, START + 8 days);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeLocked(AGENT, bountyId, LOCK, LOCK);
        vm.recordLogs();
        _claim(bountyId);
        assertEq(_countMarketEvents(), 1);

        _assertBounty(bountyId, _claimed(CLAIMED, START + 1 days));
        _assertStake(STAKE, LOCK);
        _assertEscrowed(0);
    }

    function test_LockIsATenthOfTheRewardUpToTheMinimumStake() public {
        uint256[6] memory rewards = [uint256(10_000), 10_009, 199_999_999, 200e6, 200_000_010, 600e6];
        uint256[6] memory locks = [uint256(1000), 1000, 19_999_999, 20e6, 20e6, 30e6];
        uint256 locked = 0;
        for (uint256 i = 0; i < rewards.length; ++i) {
            uint256 bountyId = _post(rewards[i]);
            locked += locks[i];
            _expectEvent();
            emit IBountyMarket.BountyClaimed(bountyId, AGENT, wallet, locks[i], 1, START + 7 days);
            _claim(bountyId);
            _assertStake(STAKE, locked);
        }
    }

    function test_GivenWalletUnset_WhenOwnerClaims_BountyIsHis() public {
        uint256 bountyId = _post();
        vm.prank(owner);
        registry.unsetAgentWallet(AGENT);
        market.checkClaim(bountyId, AGENT, owner);
        vm.prank(owner);
        market.claimBounty(bountyId, AGENT);
        assertEq(market.getBounty(bountyId).wallet, owner);
    }

    /// @dev At 400 USDC the fee is 20 USDC. A larger reward puts more at risk.
    function test_GivenTwentyUsdc_AgentClaimsRunsOfUpTo400() public {
        _unstake(STAKE - 20e6);
        usdc.mint(poster, 1_000e6);
        uint256 larger = _post(400e6 + 20);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.InsufficientUnlockedStake.selector, AGENT, 20e6, 20e6 + 1));
        market.checkClaim(larger, AGENT, wallet);
        uint256 bountyId = _post(400e6);
        market.checkClaim(bountyId, AGENT, wallet);
        _claim(bountyId);
        _assertStake(20e6, 20e6);
    }

    function test_GivenReopened_WhenClaimedAgain_RoundCountsOn() public {
        uint256 bountyId = _postClaimed();
        vm.warp(START + 7 days + 1);
        _slashExpired(bountyId);
        _stake(1);
        _expectEvent();
        emit IBountyMarket.BountyClaimed(bountyId, AGENT, wallet, LOCK, 2, START + 14 days + 1);
        _claim(bountyId);
        assertEq(market.getBounty(bountyId).round, 2);
    }

    function test_RevertGiven_UnknownAgent_WhenClaimed() public {
        uint256 bountyId = _post();
        uint256[4] memory agentIds = [AGENT + 1, AGENT + 2, type(uint40).max, type(uint256).max];
        for (uint256 i = 0; i < agentIds.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, agentIds[i]);
            _assertRefused(reason, bountyId, agentIds[i], wallet);
        }
    }

    function test_RevertGiven_OneUnitBelowMinimumStake_WhenClaimed() public {
        uint256 bountyId = _post();
        _unstake(STAKE - 20e6 + 1);
        _assertRefused(
            abi.encodeWithSelector(IAgentStaking.InsufficientStake.selector, AGENT, 20e6 - 1, 20e6),
            bountyId,
            AGENT,
            wallet
        );
    }

    function test_UnlockedStakeMustCoverTheLock() public {
        _unstake(STAKE - 30e6);
        _claim(_post(200e6));
        uint256 bountyId = _post();
        uint256 dearer = _post(100_000_010);
        _assertRefused(
            abi.encodeWithSelector(IAgentStaking.InsufficientUnlockedStake.selector, AGENT, 10e6, 10_000_001),
            dearer,
            AGENT,
            wallet
        );
        market.checkClaim(bountyId, AGENT, wallet);
        _claim(bountyId);
        _assertStake(30e6, 30e6);
    }

    function test_RefusalsComeInTheDesignsOrder() public {
        uint256 bountyId = _postClaimed();
        vm.warp(START + 7 days + 1);
        _slashExpired(bountyId);
        _sell(stranger);
        vm.prank(stranger);
        staking.unstake(AGENT, STAKE - LOCK);
        _ban();
        vm.warp(DEADLINE + 1);
        bytes memory late =
            abi.encodeWithSelector(IBountyMarket.BountyDeadlinePassed.selector, bountyId, DEADLINE, DEADLINE + 1);
        _assertRefused(late, bountyId, 99, wallet);

        vm.warp(DEADLINE);
        _assertRefused(abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, 99), bountyId, 99, wallet);
        bytes memory notWallet = abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, AGENT, wallet, stranger);
        _assertRefused(notWallet, bountyId, AGENT, wallet);
        bytes memory banned = abi.encodeWithSelector(IAgentStaking.AgentIsBanned.selector, AGENT);
        _assertRefused(banned, bountyId, AGENT, stranger);
        vm.prank(admin);
        staking.unban(AGENT);
        bytes memory frozen = abi.encodeWithSelector(IAgentStaking.AgentIsFrozen.selector, AGENT);
        _assertRefused(frozen, bountyId, AGENT, stranger);
    }

    /// @dev `checkClaim` and the claim revert with the same data, and the claim changes nothing.
    function _assertRefused(bytes memory reason, uint256 bountyId, uint256 agentId, address claimer) private {
        bytes memory bounty = abi.encode(market.getBounty(bountyId));
        vm.expectRevert(reason);
        market.checkClaim(bountyId, agentId, claimer);
        vm.expectRevert(reason);
        vm.prank(claimer);
        market.claimBounty(bountyId, agentId);
        assertEq(abi.encode(market.getBounty(bountyId)), bounty);
    }
}
