// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {HungryRegistry} from "../support/Registries.sol";
import {AnsweringRegistry, ReenteringRegistry} from "./support/HostileRegistries.sol";

/// @notice A registry whose owner attacks its agents. The owner gains only what the documented trust allows.
contract LyingRegistryTest is BountyMarketTest {
    address private thief = makeAddr("thief");
    uint256 private submitted;
    uint256 private open;

    function setUp() public override {
        super.setUp();
        (submitted, open) = (_postSubmitted(), _post());
    }

    /// @dev Accepted: the registry decides who an agent is, and so whose stake new claims put at risk.
    function test_GivenThiefNamedAsEveryAgent_HeClaimsNewRuns() public {
        _nameEverywhere(thief);
        market.checkClaim(open, AGENT, thief);
        vm.prank(thief);
        market.claimBounty(open, AGENT);
        _assertStake(STAKE, 2 * LOCK);
    }

    /// @dev Accepted: it also decides to whom stake is paid. Stake locked by live runs stays.
    function test_GivenThiefNamedAsEveryAgent_HeTakesOutWhatIsFree() public {
        _nameEverywhere(thief);
        vm.startPrank(thief);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.StakeIsLocked.selector, AGENT, 20e6 - 1, 20e6));
        staking.unstake(AGENT, STAKE - 20e6 + 1);
        staking.unstake(AGENT, STAKE - 20e6);
        vm.stopPrank();
        assertEq(usdc.balanceOf(thief), STAKE - 20e6);
        assertEq(usdc.balanceOf(address(market)), 2 * (REWARD + FEE), "escrow is out of reach");
    }

    function test_GivenThiefNamedAsEveryAgent_LiveRunsPayTheWalletThatClaimed() public {
        _nameEverywhere(thief);
        _approve(submitted);
        assertEq(usdc.balanceOf(wallet), REWARD);
        assertEq(usdc.balanceOf(thief), 0);
    }

    function test_GivenThiefNamedAsEveryAgent_HeCannotWorkOnALiveRun() public {
        _requestRevision(submitted);
        _nameEverywhere(thief);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NotClaimingWallet.selector, submitted, thief, wallet));
        vm.prank(thief);
        market.submitWork(submitted, DELIVERABLE);
    }

    /// @dev Wallet and owner may differ; the wallet claims, and only the owner is paid stake.
    function test_GivenAnotherOwnerIsNamed_StakeGoesToHimOnTheWalletsCall() public {
        vm.etch(address(registry), address(new HungryRegistry(wallet, thief)).code);
        vm.prank(wallet);
        staking.unstake(AGENT, 1);
        assertEq(usdc.balanceOf(thief), 1);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, AGENT, thief, wallet));
        vm.prank(thief);
        market.claimBounty(open, AGENT);
    }

    /// @dev The registry names itself as wallet, so it may make the call that it makes while it is called. The market
    /// uses staticcall: the registry's call fails, and the market's call continues.
    function test_WhenRegistryClaimsWhileItIsAsked_TheClaimIsMadeOnce() public {
        _upgradeToReentering(address(market), IBountyMarket.claimBounty.selector, open, AGENT);
        vm.prank(address(registry));
        market.claimBounty(open, AGENT);
        assertEq(market.getBounty(open).round, 1);
        assertEq(market.getBounty(open).wallet, address(registry));
        _assertStake(STAKE, 2 * LOCK);
    }

    function test_WhenRegistryUnstakesWhileItIsAsked_OnlyTheOuterAmountLeaves() public {
        _upgradeToReentering(address(staking), IAgentStaking.unstake.selector, AGENT, 1);
        vm.prank(address(registry));
        staking.unstake(AGENT, 2);
        _assertStake(STAKE - 2, LOCK);
        assertEq(usdc.balanceOf(address(registry)), 2);
    }

    /// @dev The registry names the market as wallet. No account can make the market claim or withdraw stake.
    function test_GivenTheMarketNamedAsEveryAgent_NobodyActsForIt() public {
        _nameEverywhere(address(market));
        address[2] memory callers = [wallet, thief];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, AGENT, callers[i], address(market))
            );
            vm.prank(callers[i]);
            market.claimBounty(open, AGENT);
        }
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, open, address(market), 1));
        market.claimBountyWithSig(open, AGENT, address(market), START + 1 hours, "");
    }

    function _upgradeToReentering(address target, bytes4 selector, uint256 first, uint256 second) private {
        address implementation = address(new ReenteringRegistry(target, selector, first, second));
        vm.etch(address(registry), implementation.code);
    }

    function _nameEverywhere(address account) private {
        bytes32 word = bytes32(uint256(uint160(account)));
        vm.etch(address(registry), address(new AnsweringRegistry(word, 32)).code);
    }
}
