// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SignedFunding} from "../../../contracts/SignedFunding.sol";
import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {AuthorizationSigner} from "../support/AuthorizationSigner.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {KeyedWallet} from "../support/ContractWallets.sol";

/// @notice Posts and stakes of accounts that approve nothing and hold no ether: a stranger sends what they signed.
contract PostsAndStakesArePaidBySignature is BountyMarketTest, AuthorizationSigner {
    struct Post {
        address poster;
        string ipfsHash;
        uint256 reward;
        uint64 deadline;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 salt;
    }

    struct Stake {
        address from;
        uint256 agentId;
        address owner;
        uint256 amount;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 salt;
    }

    bytes private constant INVALID = "FiatTokenV2: invalid signature";

    SignedFunding private funding;
    address private payer = makeAddr("payer");

    function setUp() public override {
        super.setUp();
        funding = new SignedFunding(address(market));
        usdc.mint(payer, FUNDS);
    }

    function test_LinksAreTheMarkets() public view {
        assertEq(funding.MARKET(), address(market));
        assertEq(funding.STAKING(), address(staking));
        assertEq(funding.USDC(), address(usdc));
    }

    function test_GivenSignature_AnyonePosts() public {
        Post memory post = _signedPost();
        bytes memory signature = _sign(post, "payer");
        _expectTransfer(payer, address(funding), 105e6);
        _expectEvent();
        emit IBountyMarket.BountyCreated(1, payer, WORK, REWARD, FEE, LOCK, DEADLINE, 7 days, address(0));
        _expectEvent();
        emit IBountyMarket.BountyFunded(1, payer, address(funding), 105e6);
        _expectTransfer(address(funding), address(market), 105e6);
        uint256 bountyId = _send(post, signature);
        assertEq(bountyId, 1);
        poster = payer;
        _assertBounty(bountyId, _unclaimed(OPEN));
        assertEq(usdc.balanceOf(payer), FUNDS - 105e6);
        _assertHoldsNothing();

        vm.prank(payer);
        market.closeBounty(bountyId);
        assertEq(usdc.balanceOf(payer), FUNDS);
    }

    function test_GivenTermsAndARewardThatIsNoMultipleOf20_TheyAreTheBountys() public {
        terms = IBountyMarket.Terms({workPeriod: 2 days, stakePercent: 25, evaluator: evaluator, claimant: wallet});
        Post memory post = _signedPost();
        post.reward = 10_019;
        IBountyMarket.Bounty memory bounty = market.getBounty(_send(post, _sign(post, "payer")));
        assertEq(bounty.reward, 10_019);
        assertEq(bounty.workPeriod, 2 days);
        assertEq(bounty.stake, 2504);
        assertEq(bounty.evaluator, evaluator);
        assertEq(bounty.claimant, wallet);
        assertEq(bounty.namings, 1);
        assertEq(usdc.balanceOf(payer), FUNDS - 10_519);
    }

    function test_GivenAnotherSalt_TheSameTermsArePostedTwice() public {
        Post memory post = _signedPost();
        bytes memory signature = _sign(post, "payer");
        _send(post, signature);
        vm.expectRevert("FiatTokenV2: authorization is used or canceled");
        _send(post, signature);
        post.salt = "another";
        _send(post, _sign(post, "payer"));
        assertEq(market.bountyCount(), 2);
    }

    /// @dev The signature is over money and terms: with any other argument it is another's.
    function test_RevertGiven_OtherArgumentsThanThoseSigned_WhenPosted() public {
        bytes memory signature = _sign(_signedPost(), "payer");
        for (uint256 fault = 0; fault < 11; ++fault) {
            Post memory post = _signedPost();
            delete terms;
            if (fault == 0) post.poster = poster;
            if (fault == 1) post.ipfsHash = FEEDBACK;
            if (fault == 2) post.reward += 1;
            if (fault == 3) post.deadline += 1;
            if (fault == 4) post.validAfter += 1;
            if (fault == 5) post.validBefore += 1;
            if (fault == 6) post.salt = "another";
            if (fault == 7) terms.workPeriod = 1 hours;
            if (fault == 8) terms.stakePercent = 1;
            if (fault == 9) terms.evaluator = stranger;
            if (fault == 10) terms.claimant = stranger;
            vm.expectRevert(INVALID);
            _send(post, signature);
        }
        assertEq(usdc.balanceOf(payer), FUNDS);
    }

    function test_SignatureHoldsBetweenItsBounds() public {
        Post memory post = _signedPost();
        post.validAfter = START + 10;
        post.validBefore = START + 20;
        bytes memory signature = _sign(post, "payer");
        vm.warp(START + 10);
        vm.expectRevert("FiatTokenV2: authorization is not yet valid");
        _send(post, signature);
        vm.warp(START + 20);
        vm.expectRevert("FiatTokenV2: authorization is expired");
        _send(post, signature);
        vm.warp(START + 19);
        _send(post, signature);

        Stake memory stake = _signedStake();
        stake.validAfter = START + 10;
        stake.validBefore = START + 20;
        _send(stake, _sign(stake, "payer"));
        _assertStake(STAKE + 30e6, 0);
    }

    /// @dev If the market refuses, the money stays with the payer, and the signature is not used.
    function test_RevertGiven_TermsThatTheMarketRefuses_NothingMoves() public {
        Post memory post = _signedPost();
        post.reward = 1;
        bytes memory signature = _sign(post, "payer");
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.RewardOutOfRange.selector, 1, 10_000, MAX_REWARD));
        _send(post, signature);
        assertFalse(usdc.authorizationState(payer, _postNonce(post)));
        assertEq(usdc.balanceOf(payer), FUNDS);
    }

    /// @dev Only SignedFunding can use the authorization, so that the money cannot come without the bounty.
    function test_RevertGiven_AnyoneElse_WhenItTakesTheMoney() public {
        Post memory post = _signedPost();
        bytes memory signature = _sign(post, "payer");
        bytes32 nonce = _postNonce(post);
        vm.prank(stranger);
        vm.expectRevert("FiatTokenV2: caller must be the payee");
        usdc.receiveWithAuthorization(payer, address(funding), 105e6, 0, post.validBefore, nonce, signature);
    }

    function test_GivenSignature_AnyoneStakes() public {
        Stake memory stake = _signedStake();
        bytes memory signature = _sign(stake, "payer");
        vm.expectEmit(address(staking));
        emit IAgentStaking.Staked(AGENT, address(funding), 30e6, STAKE + 30e6, START);
        _send(stake, signature);
        _assertStake(STAKE + 30e6, 0);
        assertEq(usdc.balanceOf(payer), FUNDS - 30e6);
        _assertHoldsNothing();
    }

    function test_GivenTheAgentsOwner_ItStakesForItself() public {
        Stake memory stake = _signedStake();
        stake.from = owner;
        _send(stake, _sign(stake, "agent owner"));
        _assertStake(STAKE + 30e6, 0);
    }

    function test_RevertGiven_OtherArgumentsThanThoseSigned_WhenStaked() public {
        bytes memory signature = _sign(_signedStake(), "payer");
        for (uint256 fault = 0; fault < 7; ++fault) {
            Stake memory stake = _signedStake();
            if (fault == 0) stake.from = poster;
            if (fault == 1) stake.agentId = 2;
            if (fault == 2) stake.owner = stranger;
            if (fault == 3) stake.amount += 1;
            if (fault == 4) stake.validAfter += 1;
            if (fault == 5) stake.validBefore += 1;
            if (fault == 6) stake.salt = "another";
            vm.expectRevert(INVALID);
            _send(stake, signature);
        }
    }

    /// @dev After a reorg another may own the agent: the money does not move.
    function test_RevertGiven_AnotherOwner_WhenStaked() public {
        Stake memory stake = _signedStake();
        bytes memory signature = _sign(stake, "payer");
        _sell(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAgentStaking.NotAgentOwner.selector, AGENT, owner, stranger));
        _send(stake, signature);
        assertEq(usdc.balanceOf(payer), FUNDS);
    }

    /// @dev A post and a stake have different nonces, whatever they contain.
    function test_TheNoncesNameTheirPurpose() public view {
        Stake memory stake = _signedStake();
        bytes memory unnamed = abi.encode(
            stake.from, stake.agentId, stake.owner, stake.amount, stake.validAfter, stake.validBefore, stake.salt
        );
        assertEq(_stakeNonce(stake), keccak256(abi.encodePacked(keccak256("stake"), unnamed)));
        assertNotEq(_stakeNonce(stake), keccak256(abi.encodePacked(keccak256("postBounty"), unnamed)));
    }

    function test_GivenContractsThatPay_TheirERC1271SignaturesHold() public {
        address safe = address(new KeyedWallet(payer));
        usdc.mint(safe, FUNDS);
        Post memory post = _signedPost();
        post.poster = safe;
        uint256 bountyId = _send(post, _sign(post, "payer"));
        assertEq(market.getBounty(bountyId).poster, safe);

        Stake memory stake = _signedStake();
        stake.from = safe;
        bytes memory signature = _sign(stake, "payer");
        _send(stake, signature);
        assertEq(usdc.balanceOf(safe), FUNDS - 135e6);
        stake.salt = "another";
        vm.expectRevert(INVALID);
        _send(stake, signature);
    }

    /// @dev No call of it takes USDC that a transfer left there.
    function test_WhenUsdcIsSentToIt_ItStays() public {
        usdc.mint(address(funding), 7e6);
        Post memory post = _signedPost();
        _send(post, _sign(post, "payer"));
        Stake memory stake = _signedStake();
        _send(stake, _sign(stake, "payer"));
        assertEq(usdc.balanceOf(address(funding)), 7e6);
    }

    function _signedPost() private view returns (Post memory) {
        return Post(payer, WORK, REWARD, DEADLINE, 0, START + 1 days, "salt");
    }

    function _signedStake() private view returns (Stake memory) {
        return Stake(payer, AGENT, owner, 30e6, 0, START + 1 days, "salt");
    }

    function _sign(Post memory post, string memory name) private view returns (bytes memory) {
        uint256 value = post.reward + post.reward / 20;
        return _sign(name, post.poster, value, post.validAfter, post.validBefore, _postNonce(post));
    }

    function _sign(Stake memory stake, string memory name) private view returns (bytes memory) {
        return _sign(name, stake.from, stake.amount, stake.validAfter, stake.validBefore, _stakeNonce(stake));
    }

    function _sign(
        string memory name,
        address from,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce
    ) private view returns (bytes memory) {
        Authorization memory authorization =
            Authorization(from, address(funding), value, validAfter, validBefore, nonce);
        return sign(keyNamed(name), authorizationDigest(usdc, authorization));
    }

    function _postNonce(Post memory p) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("postBounty"),
                p.poster,
                p.ipfsHash,
                p.reward,
                p.deadline,
                terms,
                p.validAfter,
                p.validBefore,
                p.salt
            )
        );
    }

    function _stakeNonce(Stake memory s) private pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("stake"), s));
    }

    function _send(Post memory p, bytes memory signature) private returns (uint256) {
        vm.prank(stranger);
        return funding.postBounty(
            p.poster, p.ipfsHash, p.reward, p.deadline, terms, p.validAfter, p.validBefore, p.salt, signature
        );
    }

    function _send(Stake memory s, bytes memory signature) private {
        vm.prank(stranger);
        funding.stake(s.from, s.agentId, s.owner, s.amount, s.validAfter, s.validBefore, s.salt, signature);
    }

    function _assertHoldsNothing() private view {
        assertEq(usdc.balanceOf(address(funding)), 0);
    }
}
