// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BurningWallet} from "../support/ContractWallets.sol";
import {BombWallet} from "./support/HostileWallets.sol";
import {SignedClaims} from "./support/SignedClaims.sol";

/// @notice A batch of three whose middle item fails, for every possible reason. The others are claimed, and the reason
/// is the error with which the same claim alone reverts.
contract ClaimBatchRefusalsTest is SignedClaims {
    IBountyMarket.Claim private item;
    ClaimMessage private message;
    uint256 private bountyId;

    function setUp() public override {
        super.setUp();
        bountyId = _post();
        message = _message(bountyId);
        item = _item(message, _sign(message));
    }

    function test_GivenUnknownBounty() public {
        item.bountyId = 99;
        _assertRefusedAlone(abi.encodeWithSelector(IBountyMarket.BountyNotFound.selector, 99));
    }

    function test_GivenDraft() public {
        _close(bountyId);
        _assertRefusedAlone(abi.encodeWithSelector(IBountyMarket.BountyNotOpen.selector, bountyId, DRAFT));
    }

    function test_GivenClaimed() public {
        _claim(bountyId);
        _assertRefusedAlone(abi.encodeWithSelector(IBountyMarket.BountyNotOpen.selector, bountyId, CLAIMED));
    }

    function test_GivenDeadlineOfTheBountyPassed() public {
        vm.prank(poster);
        item.bountyId = market.postBounty(WORK, REWARD, START + 1, terms);
        skip(2);
        _assertRefusedAlone(
            abi.encodeWithSelector(IBountyMarket.BountyDeadlinePassed.selector, item.bountyId, START + 1, START + 2)
        );
    }

    function test_GivenExpiredSignature() public {
        item.deadline = START - 1;
        _assertRefusedAlone(abi.encodeWithSelector(IBountyMarket.SignatureExpired.selector, START - 1, START));
    }

    function test_GivenSignatureForTooLong() public {
        item.deadline += 1;
        _assertRefusedAlone(
            abi.encodeWithSelector(IBountyMarket.SignatureTooLong.selector, START + 1 hours + 1, START + 1 hours)
        );
    }

    function test_GivenSignatureOfAnotherClaim() public {
        item.deadline -= 1;
        _assertRefusedAlone(_invalid(wallet));
    }

    /// @dev A signature that is too long is refused as invalid, at a bounded cost.
    function test_GivenSignatureOf100kB() public {
        item.signature = new bytes(100_000);
        _assertRefusedAlone(_invalid(wallet));
    }

    function test_GivenWalletThatBurnsGas() public {
        item.wallet = address(new BurningWallet());
        _assertRefusedAlone(_invalid(item.wallet));
    }

    function test_GivenWalletThatReturnsABomb() public {
        item.wallet = address(new BombWallet(0, 200_000, false));
        _assertRefusedAlone(_invalid(item.wallet));
    }

    function test_GivenUnknownAgent() public {
        message.agentId = 2;
        item = _item(message, _sign(message));
        _assertRefusedAlone(abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, 2));
    }

    function test_GivenWalletOfAnotherAgent() public {
        message.agentId = registry.registerFor(stranger, "");
        item = _item(message, _sign(message));
        _assertRefusedAlone(
            abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, message.agentId, wallet, stranger)
        );
    }

    function test_GivenBanned() public {
        _useOtherAgent(STAKE);
        vm.prank(admin);
        staking.ban(item.agentId);
        _assertRefusedAlone(abi.encodeWithSelector(IAgentStaking.AgentIsBanned.selector, item.agentId));
    }

    function test_GivenFrozen() public {
        _useOtherAgent(STAKE);
        uint256 expired = _post();
        vm.prank(wallet);
        market.claimBounty(expired, item.agentId);
        skip(7 days + 1);
        _slashExpired(expired);
        message.deadline = block.timestamp;
        item = _item(message, _sign(message));
        _assertRefusedAlone(abi.encodeWithSelector(IAgentStaking.AgentIsFrozen.selector, item.agentId));
    }

    function test_GivenTooLittleStake() public {
        _useOtherAgent(20e6 - 1);
        _assertRefusedAlone(
            abi.encodeWithSelector(IAgentStaking.InsufficientStake.selector, item.agentId, 20e6 - 1, 20e6)
        );
    }

    function test_GivenTooLittleUnlockedStake() public {
        _useOtherAgent(20e6);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 live = _post();
            vm.prank(wallet);
            market.claimBounty(live, item.agentId);
        }
        _assertRefusedAlone(
            abi.encodeWithSelector(IAgentStaking.InsufficientUnlockedStake.selector, item.agentId, 0, LOCK)
        );
    }

    /// @dev Alone, an empty signature is invalid; in a batch it requests what only a relayer may do.
    function test_GivenNoSignatureAndNoRelayer() public {
        item.signature = "";
        _assertRefused(abi.encodeWithSelector(IBountyMarket.NotRelayer.selector, stranger));
    }

    function test_GivenDuplicate_TheFirstWins() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](2);
        (claims[0], claims[1]) = (item, item);
        _expectRefused(abi.encodeWithSelector(IBountyMarket.BountyNotOpen.selector, bountyId, CLAIMED));
        IBountyMarket.ItemResult[] memory results = market.claimBatch(claims);
        _assertResult(results[0], IBountyMarket.ItemResult.MADE);
        _assertResult(results[1], IBountyMarket.ItemResult.REFUSED);
        _assertStake(STAKE, LOCK);
    }

    function test_GivenTwoAgentsForOneRun_TheFirstWins() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](2);
        claims[1] = item;
        _useOtherAgent(STAKE);
        claims[0] = item;
        item = claims[1];
        _expectRefused(abi.encodeWithSelector(IBountyMarket.BountyNotOpen.selector, bountyId, CLAIMED));
        market.claimBatch(claims);
        assertEq(market.getBounty(bountyId).agentId, claims[0].agentId);
        _assertStake(STAKE, 0);
    }

    /// @dev A second agent of the same wallet, so that the batch's other two items do not depend on it.
    function _useOtherAgent(uint256 amount) private {
        message.agentId = registry.registerFor(wallet, "");
        usdc.mint(wallet, amount);
        vm.startPrank(wallet);
        usdc.approve(address(staking), amount);
        staking.stake(message.agentId, amount);
        vm.stopPrank();
        item = _item(message, _sign(message));
    }

    function _assertRefusedAlone(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(stranger);
        market.claimBountyWithSig{gas: 1_000_000}(
            item.bountyId, item.agentId, item.wallet, item.deadline, item.signature
        );
        _assertRefused(reason);
    }

    function _assertRefused(bytes memory reason) private {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](3);
        (claims[0], claims[1], claims[2]) = (_signedItem(_post()), item, _signedItem(_post()));
        (, uint256 locked,,,,,) = staking.accountOf(AGENT);
        _expectRefused(reason);
        vm.prank(stranger);
        IBountyMarket.ItemResult[] memory results = market.claimBatch(claims);
        _assertResult(results[0], IBountyMarket.ItemResult.MADE);
        _assertResult(results[1], IBountyMarket.ItemResult.REFUSED);
        _assertResult(results[2], IBountyMarket.ItemResult.MADE);
        _assertStake(STAKE, locked + 2 * LOCK);
    }

    function _expectRefused(bytes memory reason) private {
        _expectEvent();
        emit IBountyMarket.ClaimRefused(item.bountyId, item.agentId, item.wallet, reason);
    }

    function _invalid(address signer) private view returns (bytes memory) {
        return abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, signer, 1);
    }
}
