// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ActionSigner} from "../support/ActionSigner.sol";
import {RelayedMarketTest} from "../support/RelayedMarketTest.sol";

/// @notice The claimant that the terms name: who may claim, and `nameClaimant`.
contract OnlyTheNamedClaimantClaims is RelayedMarketTest, ActionSigner {
    address private other = makeAddr("other agent's wallet");
    uint256 private otherAgent;

    function setUp() public override {
        super.setUp();
        otherAgent = registry.registerFor(other, "ipfs://other");
        _stakeAs(other, otherAgent, STAKE);
    }

    function test_GivenAClaimant_ThePostNamesItOnce() public {
        terms.claimant = wallet;
        _expectEvent();
        emit IBountyMarket.BountyCreated(1, poster, WORK, REWARD, FEE, LOCK, DEADLINE, 7 days, address(0));
        _expectEvent();
        emit IBountyMarket.ClaimantNamed(1, poster, wallet, 1);
        _expectEvent();
        emit IBountyMarket.BountyFunded(1, poster, poster, 105e6);
        _assertBounty(_post(), _unclaimed(OPEN));
        _expectEvent();
        emit IBountyMarket.ClaimantNamed(2, poster, wallet, 1);
        _assertBounty(_create(), _unclaimed(DRAFT));
    }

    function test_GivenNoClaimant_NothingIsNamed() public {
        vm.recordLogs();
        uint256 bountyId = _post();
        assertEq(_countMarketEvents(), 2);
        assertEq(market.getBounty(bountyId).namings, 0);
    }

    function test_OnlyTheClaimantClaims() public {
        terms.claimant = wallet;
        uint256 bountyId = _post();
        _assertRefused(bountyId, otherAgent, other, wallet);
        market.checkClaim(bountyId, AGENT, wallet);
        _claim(bountyId);
        _assertBounty(bountyId, _claimed(CLAIMED, START));
    }

    function test_TheClaimantClaimsWithAnyOfItsAgents() public {
        terms.claimant = wallet;
        uint256 bountyId = _post();
        uint256 second = registry.registerFor(wallet, "ipfs://second");
        usdc.mint(other, STAKE);
        vm.startPrank(other);
        usdc.approve(address(staking), STAKE);
        staking.stakeFor(second, wallet, STAKE);
        vm.stopPrank();
        vm.prank(wallet);
        market.claimBounty(bountyId, second);
        assertEq(market.getBounty(bountyId).agentId, second);
    }

    function test_GivenASignature_OnlyTheClaimantsIsTaken() public {
        terms.claimant = other;
        uint256 bountyId = _post();
        bytes memory signature = _claimSignature(bountyId, AGENT, wallet, walletKey);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NotClaimant.selector, bountyId, wallet, other));
        market.claimBountyWithSig(bountyId, AGENT, wallet, START, signature);
        signature = _claimSignature(bountyId, otherAgent, other, keyNamed("other agent's wallet"));
        market.claimBountyWithSig(bountyId, otherAgent, other, START, signature);
        assertEq(market.getBounty(bountyId).wallet, other);
    }

    function test_GivenABatch_OnlyTheClaimantsItemIsMade() public {
        terms.claimant = wallet;
        uint256 bountyId = _post();
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](2);
        claims[0] = IBountyMarket.Claim(
            bountyId,
            otherAgent,
            other,
            START,
            _claimSignature(bountyId, otherAgent, other, keyNamed("other agent's wallet"))
        );
        claims[1] =
            IBountyMarket.Claim(bountyId, AGENT, wallet, START, _claimSignature(bountyId, AGENT, wallet, walletKey));
        _expectEvent();
        emit IBountyMarket.ClaimRefused(
            bountyId,
            otherAgent,
            other,
            abi.encodeWithSelector(IBountyMarket.NotClaimant.selector, bountyId, other, wallet)
        );
        IBountyMarket.ItemResult[] memory results = market.claimBatch(claims);
        assertEq(uint256(results[0]), uint256(IBountyMarket.ItemResult.REFUSED));
        assertEq(uint256(results[1]), uint256(IBountyMarket.ItemResult.MADE));
    }

    function test_GivenThePosterAsClaimant_NoWalletClaimsNotEvenThePosters() public {
        uint256 postersAgent = registry.registerFor(poster, "ipfs://poster");
        vm.startPrank(poster);
        usdc.approve(address(staking), STAKE);
        staking.stake(postersAgent, STAKE);
        vm.stopPrank();
        terms.claimant = poster;
        uint256 bountyId = _post();
        _assertRefused(bountyId, AGENT, wallet, poster);
        _assertRefused(bountyId, postersAgent, poster, poster);
        _name(bountyId, wallet);
        _claim(bountyId);
    }

    /// @dev After bounty, deadline and signature, and before the agent.
    function test_TheClaimantIsCheckedInItsPlace() public {
        terms.claimant = other;
        uint256 bountyId = _post();
        bytes memory notClaimant = abi.encodeWithSelector(IBountyMarket.NotClaimant.selector, bountyId, wallet, other);
        vm.expectRevert(notClaimant);
        market.checkClaim(bountyId, 99, wallet);
        vm.expectRevert(notClaimant);
        market.checkClaim(bountyId, type(uint256).max, wallet);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, wallet, 1));
        market.claimBountyWithSig(bountyId, AGENT, wallet, START, "");
        vm.warp(DEADLINE + 1);
        vm.expectPartialRevert(IBountyMarket.BountyDeadlinePassed.selector);
        market.checkClaim(bountyId, AGENT, wallet);
        _close(bountyId);
        vm.expectPartialRevert(IBountyMarket.BountyNotOpen.selector);
        market.checkClaim(bountyId, AGENT, wallet);
    }

    function test_WhenAnotherIsNamed_ItAloneMayClaim() public {
        terms.claimant = wallet;
        uint256 bountyId = _post();
        _expectEvent();
        emit IBountyMarket.ClaimantNamed(bountyId, poster, other, 2);
        vm.recordLogs();
        _name(bountyId, other);
        assertEq(_countMarketEvents(), 1);
        IBountyMarket.Bounty memory expected = _unclaimed(OPEN);
        expected.claimant = other;
        expected.namings = 2;
        _assertBounty(bountyId, expected);
        _assertRefused(bountyId, AGENT, wallet, other);
        market.checkClaim(bountyId, otherAgent, other);
    }

    function test_WhenZeroIsNamed_AnyoneMayClaimForGood() public {
        terms.claimant = poster;
        uint256 bountyId = _post();
        _expectEvent();
        emit IBountyMarket.ClaimantNamed(bountyId, poster, address(0), 2);
        _name(bountyId, address(0));
        market.checkClaim(bountyId, AGENT, wallet);
        market.checkClaim(bountyId, otherAgent, other);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NoClaimantNamed.selector, bountyId));
        _name(bountyId, wallet);
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        assertEq(bounty.claimant, address(0));
        assertEq(bounty.namings, 2);
    }

    /// @dev With terms and without: both have no claimant.
    function test_RevertGiven_NoClaimantInTheTerms_WhenNamed() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 bountyId = _post();
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NoClaimantNamed.selector, bountyId));
            _name(bountyId, wallet);
            bytes memory signature = _signature(NameMessage(bountyId, poster, 0, wallet, START));
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NoClaimantNamed.selector, bountyId));
            _nameSigned(bountyId, wallet, 0, START, signature);
            terms.workPeriod = 1 hours;
        }
    }

    /// @dev A claim is its wallet's until it ends.
    function test_RevertGiven_NotOpen_WhenNamed() public {
        terms.claimant = wallet;
        uint256 bountyId = _postClaimed();
        vm.expectPartialRevert(IBountyMarket.InvalidState.selector);
        _name(bountyId, other);
        uint256 draft = _create();
        vm.expectPartialRevert(IBountyMarket.InvalidState.selector);
        _name(draft, other);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.BountyNotFound.selector, 99));
        _name(99, other);
    }

    function test_GivenALostClaim_TheClaimantStays() public {
        terms.claimant = wallet;
        uint256 bountyId = _postClaimed();
        _abandon(bountyId);
        _assertUnclaimed(bountyId, OPEN, 1);
        _assertRefused(bountyId, otherAgent, other, wallet);
        _name(bountyId, other);
        vm.prank(other);
        market.claimBounty(bountyId, otherAgent);
        assertEq(market.getBounty(bountyId).round, 2);
    }

    /// @dev By a close, after the deadline, and by a claim that is lost while the bounty is closing.
    function test_GivenARefund_TheClaimantStays() public {
        terms.claimant = wallet;
        uint256[3] memory bounties = [_post(), _post(), _postClaimed()];
        _close(bounties[0]);
        _close(bounties[2]);
        _abandon(bounties[2]);
        for (uint256 i = 0; i < bounties.length; ++i) {
            if (i == 1) continue;
            _fund(bounties[i]);
            _assertRefused(bounties[i], otherAgent, other, wallet);
            _name(bounties[i], other);
            assertEq(market.getBounty(bounties[i]).namings, 2);
        }
        vm.warp(DEADLINE + 1);
        market.expireBounty(bounties[1]);
        _assertBounty(bounties[1], _unclaimed(DRAFT));
    }

    function test_GivenThePostersSignature_AnyoneNames() public {
        terms.claimant = poster;
        uint256 bountyId = _post();
        uint256 deadline = START + 1 hours;
        bytes memory signature = _signature(NameMessage(bountyId, poster, 1, wallet, deadline));
        _expectEvent();
        emit IBountyMarket.ClaimantNamed(bountyId, poster, wallet, 2);
        _nameSigned(bountyId, wallet, 1, deadline, signature);
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        assertEq(bounty.claimant, wallet);
        assertEq(bounty.namings, 2);
    }

    /// @dev Also where the poster names the same wallet again in between.
    function test_RevertGiven_AUsedSignature_WhenNamed() public {
        terms.claimant = poster;
        uint256 bountyId = _post();
        bytes memory signature = _signature(NameMessage(bountyId, poster, 1, wallet, START));
        _nameSigned(bountyId, wallet, 1, START, signature);
        for (uint256 namings = 2; namings < 5; ++namings) {
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.WrongNaming.selector, bountyId, 1, namings));
            _nameSigned(bountyId, wallet, 1, START, signature);
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, poster, 1));
            _nameSigned(bountyId, wallet, namings, START, signature);
            _name(bountyId, namings == 2 ? other : poster);
        }
    }

    function test_RevertGiven_ANamingAhead_WhenNamed() public {
        terms.claimant = poster;
        uint256 bountyId = _post();
        bytes memory signature = _signature(NameMessage(bountyId, poster, 2, wallet, START));
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.WrongNaming.selector, bountyId, 2, 1));
        _nameSigned(bountyId, wallet, 2, START, signature);
        _name(bountyId, other);
        _nameSigned(bountyId, wallet, 2, START, signature);
    }

    function test_RevertGiven_ASignatureTooLongOrExpired_WhenNamed() public {
        terms.claimant = poster;
        uint256 bountyId = _post();
        uint256 deadline = START + 1 hours + 1;
        bytes memory signature = _signature(NameMessage(bountyId, poster, 1, wallet, deadline));
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.SignatureTooLong.selector, deadline, START + 1 hours));
        _nameSigned(bountyId, wallet, 1, deadline, signature);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.SignatureExpired.selector, deadline, deadline + 1));
        _nameSigned(bountyId, wallet, 1, deadline, signature);
        vm.warp(deadline);
        _nameSigned(bountyId, wallet, 1, deadline, signature);
    }

    function test_RevertGiven_AnotherSignature_WhenNamed() public {
        terms.claimant = poster;
        uint256 bountyId = _post();
        NameMessage[5] memory messages = [
            NameMessage(bountyId + 1, poster, 1, wallet, START),
            NameMessage(bountyId, stranger, 1, wallet, START),
            NameMessage(bountyId, poster, 2, wallet, START),
            NameMessage(bountyId, poster, 1, other, START),
            NameMessage(bountyId, poster, 1, wallet, START + 1)
        ];
        bytes memory invalid = abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, poster, 1);
        for (uint256 i = 0; i < messages.length; ++i) {
            vm.expectRevert(invalid);
            _nameSigned(bountyId, wallet, 1, START, _signature(messages[i]));
        }
        NameMessage memory right = NameMessage(bountyId, poster, 1, wallet, START);
        vm.expectRevert(invalid);
        _nameSigned(bountyId, wallet, 1, START, sign(walletKey, nameDigest(address(market), right)));
        vm.expectRevert(invalid);
        _nameSigned(bountyId, wallet, 1, START, sign(keyNamed("poster"), nameDigest(address(staking), right)));
        vm.expectRevert(invalid);
        _nameSigned(bountyId, wallet, 1, START, "");
    }

    function _name(uint256 bountyId, address claimant) private {
        vm.prank(poster);
        market.nameClaimant(bountyId, claimant);
    }

    function _nameSigned(uint256 bountyId, address claimant, uint256 naming, uint256 deadline, bytes memory signature)
        private
    {
        vm.prank(stranger);
        market.nameClaimantWithSig(bountyId, claimant, naming, deadline, signature);
    }

    function _signature(NameMessage memory message) private view returns (bytes memory) {
        return sign(keyNamed("poster"), nameDigest(address(market), message));
    }

    function _claimSignature(uint256 bountyId, uint256 agentId, address claiming, uint256 key)
        private
        view
        returns (bytes memory)
    {
        ClaimMessage memory message =
            ClaimMessage(bountyId, agentId, claiming, 1, REWARD, LOCK, 7 days, address(0), START);
        return sign(key, claimDigest(address(market), message));
    }

    /// @dev By the wallet, by the relayer, and by `checkClaim`.
    function _assertRefused(uint256 bountyId, uint256 agentId, address claiming, address claimant) private {
        bytes memory reason = abi.encodeWithSelector(IBountyMarket.NotClaimant.selector, bountyId, claiming, claimant);
        vm.expectRevert(reason);
        market.checkClaim(bountyId, agentId, claiming);
        vm.expectRevert(reason);
        vm.prank(claiming);
        market.claimBounty(bountyId, agentId);
        vm.expectRevert(reason);
        vm.prank(relayer);
        market.claimBountyFor(bountyId, agentId, claiming);
    }
}
