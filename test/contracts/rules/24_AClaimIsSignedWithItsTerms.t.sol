// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {ClaimSigner} from "../support/ClaimSigner.sol";
import {KeyedWallet, ScriptedWallet} from "../support/ContractWallets.sol";

contract AClaimIsSignedWithItsTerms is BountyMarketTest, ClaimSigner {
    uint256 private constant SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    uint256 private bountyId;
    uint256 private deadline = START + 1 hours;

    function setUp() public override {
        super.setUp();
        bountyId = _post();
    }

    function test_GivenWalletsSignature_AnyoneClaimsForIt() public {
        _expectEvent();
        emit IBountyMarket.BountyClaimed(bountyId, AGENT, wallet, LOCK, 1, START + 7 days);
        vm.expectEmit(address(staking));
        emit IAgentStaking.StakeLocked(AGENT, bountyId, LOCK, LOCK);
        _claimSigned(wallet, _signature(1));
        _assertBounty(bountyId, _claimed(CLAIMED, START));
        _assertStake(STAKE, LOCK);
        assertEq(usdc.balanceOf(stranger), 0);
    }

    function test_GivenLastSecond_SignatureHolds() public {
        bytes memory signature = _signature(1);
        vm.warp(deadline);
        _claimSigned(wallet, signature);
        _assertState(bountyId, CLAIMED);
    }

    function test_RevertGiven_SignatureExpired() public {
        bytes memory signature = _signature(1);
        vm.warp(deadline + 1);
        _assertRefused(
            abi.encodeWithSelector(IBountyMarket.SignatureExpired.selector, deadline, deadline + 1), wallet, signature
        );
    }

    function test_RevertGiven_SignatureHoldsForOverAnHour() public {
        deadline = START + 1 hours + 1;
        bytes memory signature = _signature(1);
        bytes memory tooLong =
            abi.encodeWithSelector(IBountyMarket.SignatureTooLong.selector, deadline, START + 1 hours);
        _assertRefused(tooLong, wallet, signature);
        skip(1);
        _claimSigned(wallet, signature);
        _assertState(bountyId, CLAIMED);
    }

    function test_RevertGiven_EndlessSignature() public {
        deadline = type(uint256).max;
        bytes memory tooLong =
            abi.encodeWithSelector(IBountyMarket.SignatureTooLong.selector, deadline, START + 1 hours);
        _assertRefused(tooLong, wallet, _signature(1));
    }

    function test_RevertGiven_SignatureOfAnotherRound() public {
        _assertInvalid(_signature(0), 1);
        _assertInvalid(_signature(2), 1);
    }

    function test_GivenWithdrawnAndFundedAgain_SignatureHolds() public {
        bytes memory signature = _signature(1);
        vm.startPrank(poster);
        market.closeBounty(bountyId);
        market.fundBounty(bountyId);
        vm.stopPrank();
        _claimSigned(wallet, signature);
        _assertState(bountyId, CLAIMED);
    }

    function test_AnAgentSignsManyClaimsAtOnce() public {
        bytes memory signature = _signature(1);
        uint256 first = bountyId;
        bountyId = _post();
        bytes memory signature2 = _signature(1);
        _claimSigned(wallet, signature2);
        bountyId = first;
        _claimSigned(wallet, signature);
        _assertStake(STAKE, 2 * LOCK);
    }

    function test_RevertGiven_SignatureOfAnotherClaim() public {
        ClaimMessage memory message = _message(1);
        message.bountyId += 1;
        _assertInvalid(_sign(message), 1);
        message = _message(1);
        message.agentId += 1;
        _assertInvalid(_sign(message), 1);
        message = _message(1);
        message.wallet = owner;
        _assertInvalid(_sign(message), 1);
        message = _message(1);
        message.deadline -= 1;
        _assertInvalid(_sign(message), 1);
    }

    function test_RevertGiven_SignatureForAnotherMarketOrChain() public {
        bytes32 otherMarket = claimDigest(address(staking), _message(1));
        _assertInvalid(sign(walletKey, otherMarket), 1);
        bytes32 otherChain = claimDigest(address(market), 8453, _message(1));
        _assertInvalid(sign(walletKey, otherChain), 1);
    }

    function test_RevertGiven_SignatureOfAnotherKey() public {
        (, uint256 strangerKey) = makeAddrAndKey("stranger");
        _assertInvalid(sign(strangerKey, claimDigest(address(market), _message(1))), 1);
    }

    function test_RevertGiven_MalformedSignature() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(walletKey, claimDigest(address(market), _message(1)));
        bytes32 highS = bytes32(SECP256K1_ORDER - uint256(s));
        _assertInvalid(abi.encodePacked(r, highS, v == 27 ? uint8(28) : uint8(27)), 1);
        bytes32 vs = bytes32(uint256(v - 27) << 255 | uint256(s));
        _assertInvalid(abi.encodePacked(r, vs), 1);
        _assertInvalid(abi.encodePacked(r, s, v, uint8(0)), 1);
        _assertInvalid(abi.encodePacked(r, s, v - 27), 1);
        // As EIP-155 counts.
        _assertInvalid(abi.encodePacked(r, s, v + 10), 1);
        _assertInvalid(new bytes(65), 1);
        _assertInvalid("", 1);
    }

    /// @dev For an invalid signature `ecrecover` returns the zero address, which must not count as a wallet. The identity
    /// precompile at 4 returns its input, which begins with ERC-1271's magic value.
    function test_RevertGiven_AnAddressWithoutAKey() public {
        for (uint160 i = 0; i < 2; ++i) {
            address unowned = address(4 * i);
            bytes memory reason = abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, unowned, 1);
            _assertRefused(reason, unowned, new bytes(65));
            _assertRefused(reason, unowned, abi.encodePacked(new bytes(64), uint8(99)));
            _assertRefused(reason, unowned, "");
        }
    }

    function test_GivenContractWallet_ItsErc1271SignatureHolds() public {
        address safe = address(new KeyedWallet(vm.addr(walletKey)));
        _sell(safe);
        ClaimMessage memory message = _message(1);
        message.wallet = safe;
        _expectEvent();
        emit IBountyMarket.BountyClaimed(bountyId, AGENT, safe, LOCK, 1, START + 7 days);
        _claimSigned(safe, _sign(message));
    }

    function test_GivenContractWallet_LongestSignatureHolds() public {
        address safe = address(new ScriptedWallet(abi.encode(IERC1271.isValidSignature.selector), false));
        _sell(safe);
        bytes memory tooLong = abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, safe, 1);
        _assertRefused(tooLong, safe, new bytes(8193));
        _claimSigned(safe, new bytes(8192));
        assertEq(market.getBounty(bountyId).wallet, safe);
    }

    function test_RevertGiven_ContractWalletDoesNotAgree() public {
        bytes[5] memory answers = [
            abi.encode(bytes4(0xffffffff)),
            abi.encode(true),
            abi.encodePacked(IERC1271.isValidSignature.selector),
            bytes(""),
            new bytes(100_000)
        ];
        for (uint256 i = 0; i < answers.length; ++i) {
            _assertContractWalletRefused(new ScriptedWallet(answers[i], false));
        }
        _assertContractWalletRefused(new ScriptedWallet(abi.encode(IERC1271.isValidSignature.selector), true));
    }

    function test_SignatureIsCheckedBeforeTheAgent() public {
        _sell(stranger);
        _assertInvalid("", 1);
        bytes memory notWallet = abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, AGENT, wallet, stranger);
        _assertRefused(notWallet, wallet, _signature(1));
    }

    function test_RevertGiven_BannedAgent_WhenSigned() public {
        _ban();
        _assertRefused(abi.encodeWithSelector(IAgentStaking.AgentIsBanned.selector, AGENT), wallet, _signature(1));
    }

    function _message(uint256 round) private view returns (ClaimMessage memory) {
        return ClaimMessage(bountyId, AGENT, wallet, round, REWARD, LOCK, 7 days, address(0), deadline);
    }

    function _sign(ClaimMessage memory message) private view returns (bytes memory) {
        return sign(walletKey, claimDigest(address(market), message));
    }

    function _signature(uint256 round) private view returns (bytes memory) {
        return _sign(_message(round));
    }

    function _claimSigned(address claimer, bytes memory signature) private {
        vm.prank(stranger);
        market.claimBountyWithSig(bountyId, AGENT, claimer, deadline, signature);
    }

    function _assertContractWalletRefused(ScriptedWallet safe) private {
        bytes memory reason =
            abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, address(safe), 1);
        _assertRefused(reason, address(safe), "any");
    }

    function _assertInvalid(bytes memory signature, uint256 round) private {
        bytes memory reason = abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, wallet, round);
        _assertRefused(reason, wallet, signature);
    }

    function _assertRefused(bytes memory reason, address claimer, bytes memory signature) private {
        vm.expectRevert(reason);
        _claimSigned(claimer, signature);
    }
}
