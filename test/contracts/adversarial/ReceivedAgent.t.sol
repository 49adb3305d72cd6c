// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {ActingReceiver} from "./support/ActingReceiver.sol";

/// @notice Contracts that act within `onERC721Received`, during the registry's call.
contract ReceivedAgentTest is BountyMarketTest {
    uint256 private constant NEW_AGENT = 2;

    ActingReceiver private receiver;
    uint256 private bountyId;

    function setUp() public override {
        super.setUp();
        bountyId = _post();
        receiver = new ActingReceiver();
        usdc.mint(address(receiver), STAKE);
        receiver.act(address(usdc), abi.encodeCall(IERC20.approve, (address(staking), STAKE)));
    }

    function test_WhenRegistering_ReceiverMayStakeAndClaimAtOnce() public {
        receiver.prepare(address(staking), abi.encodeCall(IAgentStaking.stake, (NEW_AGENT, STAKE)));
        receiver.prepare(address(market), abi.encodeCall(IBountyMarket.claimBounty, (bountyId, NEW_AGENT)));
        assertEq(registry.registerFor(address(receiver), ""), NEW_AGENT);

        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        assertEq(bounty.agentId, NEW_AGENT);
        assertEq(bounty.wallet, address(receiver));
        (uint256 staked, uint256 locked,,,,,) = staking.accountOf(NEW_AGENT);
        assertEq(staked, STAKE);
        assertEq(locked, LOCK);
    }

    /// @dev The receiver claims, sells the agent, and cannot withdraw the stake.
    function test_WhenRegistering_ReceiverThatClaimsAndSellsLeavesTheStake() public {
        receiver.prepare(address(staking), abi.encodeCall(IAgentStaking.stake, (NEW_AGENT, STAKE)));
        receiver.prepare(address(market), abi.encodeCall(IBountyMarket.claimBounty, (bountyId, NEW_AGENT)));
        receiver.prepare(
            address(registry), abi.encodeCall(IERC721.transferFrom, (address(receiver), stranger, NEW_AGENT))
        );
        receiver.prepare(address(staking), abi.encodeCall(IAgentStaking.unstake, (NEW_AGENT, 1)));
        registry.registerFor(address(receiver), "");

        assertTrue(receiver.succeeded(2), "sold");
        assertEq(
            receiver.answers(3),
            abi.encodeWithSelector(IAgentStaking.NotAgentWalletOrOwner.selector, NEW_AGENT, address(receiver))
        );
        assertEq(market.getBounty(bountyId).wallet, address(receiver));
        assertEq(registry.getAgentWallet(NEW_AGENT), address(0));
    }

    /// @dev A buyer of an agent with a live run cannot withdraw the stake that the run has locked.
    function test_GivenLiveRun_WhenBought_BuyerTakesOutOnlyWhatIsFree() public {
        _claim(bountyId);
        uint256 free = STAKE - 20e6;
        receiver.prepare(address(staking), abi.encodeCall(IAgentStaking.unstake, (AGENT, free + 1)));
        receiver.prepare(address(staking), abi.encodeCall(IAgentStaking.unstake, (AGENT, free)));
        _sell();

        assertEq(
            receiver.answers(0), abi.encodeWithSelector(IAgentStaking.StakeIsLocked.selector, AGENT, 20e6 - 1, 20e6)
        );
        assertTrue(receiver.succeeded(1), "unstaked what is free");
        _assertStake(20e6, LOCK);
        assertEq(usdc.balanceOf(address(receiver)), STAKE + free);
    }

    /// @dev The transfer clears the wallet before the buyer's callback, so the seller's signature is invalid and the
    /// buyer is the wallet.
    function test_WhenBought_BuyerClaimsAndTheSellersWalletDoesNot() public {
        receiver.prepare(address(market), abi.encodeCall(IBountyMarket.checkClaim, (bountyId, AGENT, wallet)));
        receiver.prepare(address(market), abi.encodeCall(IBountyMarket.claimBounty, (bountyId, AGENT)));
        _sell();

        assertEq(
            receiver.answers(0),
            abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, AGENT, wallet, address(receiver))
        );
        assertEq(market.getBounty(bountyId).wallet, address(receiver));
    }

    function test_GivenLiveRun_WhenBuyerEndsItForTheSeller_HeIsRefused() public {
        _claim(bountyId);
        receiver.prepare(address(market), abi.encodeCall(IBountyMarket.submitWork, (bountyId, DELIVERABLE)));
        _sell();

        assertEq(
            receiver.answers(0),
            abi.encodeWithSelector(IBountyMarket.NotClaimingWallet.selector, bountyId, address(receiver), wallet)
        );
        _submit(bountyId);
        _approve(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD, "work and reward stay with the wallet that claimed");
    }

    function _sell() private {
        vm.prank(owner);
        registry.safeTransferFrom(owner, address(receiver), AGENT);
    }
}
