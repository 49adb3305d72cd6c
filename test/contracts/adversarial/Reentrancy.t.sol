// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IAgentRegistry} from "../../../contracts/interfaces/IAgentRegistry.sol";
import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ReenteringWallet, WatchingWallet} from "./support/HostileWallets.sol";
import {SignedClaims} from "./support/SignedClaims.sol";

/// @notice A wallet that makes calls while the market checks its signature. Each attack succeeds on its own, which is
/// shown first, and is then made from inside the claim.
contract ReentrancyTest is SignedClaims {
    ReenteringWallet private hostile;
    uint256 private bountyId;

    function setUp() public override {
        super.setUp();
        bountyId = _post();
        hostile = new ReenteringWallet();
        _giveAgentTo(address(hostile));
    }

    function test_WhenWalletClaimsInItsOwnName_TheClaimIsMadeOnce() public {
        _assertHarmless(address(market), abi.encodeCall(IBountyMarket.claimBounty, (bountyId, AGENT)));
    }

    function test_WhenWalletClaimsAnotherRun_ItGetsOne() public {
        uint256 other = _post();
        _assertHarmless(address(market), abi.encodeCall(IBountyMarket.claimBounty, (other, AGENT)));
        _assertState(other, OPEN);
    }

    function test_WhenWalletTakesItsStakeOut_TheStakeIsLocked() public {
        _assertHarmless(address(staking), abi.encodeCall(IAgentStaking.unstake, (AGENT, STAKE)));
        _assertStake(STAKE, LOCK);
    }

    function test_WhenWalletSellsTheAgent_ItStaysTheWallet() public {
        _assertHarmless(address(registry), abi.encodeCall(IERC721.transferFrom, (address(hostile), stranger, AGENT)));
        assertEq(registry.ownerOf(AGENT), address(hostile));
    }

    function test_WhenWalletMovesTheAgentsFile_ItStays() public {
        _assertHarmless(address(registry), abi.encodeCall(IAgentRegistry.setAgentURI, (AGENT, "ipfs://other")));
        assertEq(registry.tokenURI(AGENT), "ipfs://agent");
    }

    function test_WhenWalletLooks_NothingIsHalfDone() public {
        WatchingWallet watcher = new WatchingWallet(market, bountyId, AGENT);
        vm.prank(address(hostile));
        registry.transferFrom(address(hostile), address(watcher), AGENT);
        market.claimBountyWithSig(bountyId, AGENT, address(watcher), START + 1 hours, "any");
        _assertState(bountyId, CLAIMED);
    }

    /// @dev The wallet signs only if its attack failed, so the claim succeeds exactly when the attack did not.
    function _assertHarmless(address target, bytes memory attack) private {
        hostile.prepare(target, attack);
        uint256 before = vm.snapshotState();
        hostile.attackNow();
        vm.revertToStateAndDelete(before);

        market.claimBountyWithSig(bountyId, AGENT, address(hostile), START + 1 hours, "any");
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        assertEq(uint256(bounty.state), uint256(CLAIMED));
        assertEq(bounty.wallet, address(hostile));
        assertEq(bounty.round, 1);
    }
}
