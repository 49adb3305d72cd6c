// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {ClaimSigner} from "../../support/ClaimSigner.sol";
import {Dice} from "../Dice.sol";
import {selectorOf} from "../../support/selectorOf.sol";
import {ClaimHandler} from "./ClaimHandler.sol";

/// @notice Claims by any account with a wallet's signature: fresh ones, faulty ones, and old ones again (I8).
abstract contract SignedClaimHandler is ClaimHandler, ClaimSigner {
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    uint256 private constant ORDER = 2 * HALF_ORDER + 1;
    uint256 private constant VALIDITY = 1 hours;
    uint256 private constant NO_FAULT = type(uint256).max;

    IBountyMarket.Claim[] private _signed;

    function claimSigned(uint256 seed) external {
        Dice memory dice = Dice(seed);
        IBountyMarket.Claim memory item = dice.roll(4) == 0 ? _oldClaim(dice) : _signedClaim(dice);
        if (item.bountyId == NONE_FITS) return;
        bytes memory data = abi.encodeCall(
            market.claimBountyWithSig, (item.bountyId, item.agentId, item.wallet, item.deadline, item.signature)
        );
        _claimExpecting(_signedRefusal(item), item.agentId, _anyone(dice), data);
    }

    function _oldClaim(Dice memory dice) internal returns (IBountyMarket.Claim memory) {
        return _signed.length == 0 ? _signedClaim(dice) : _signed[dice.roll(_signed.length)];
    }

    /// @dev Three in four are valid; the others have one of the faults.
    function _signedClaim(Dice memory dice) internal returns (IBountyMarket.Claim memory item) {
        (item.bountyId, item.agentId) = _claimable(dice);
        item.wallet = _caller(dice, _walletOf(item.agentId));
        uint256 fault = dice.roll(32);
        item.deadline = _deadline(dice, fault);
        uint256 round = uint256(market.getBounty(item.bountyId).round) + 1;
        if (fault == 4) round += 1;
        if (fault == 5) round -= 1;
        address signer = fault == 6 ? _anyone(dice) : item.wallet;
        item.signature = _encode(fault, keyOf[signer], _digest(item, round, fault));
        _signed.push(item);
    }

    function _deadline(Dice memory dice, uint256 fault) private view returns (uint256) {
        if (fault == 0) return block.timestamp - 1;
        if (fault == 1) return block.timestamp + VALIDITY + 1;
        if (fault == 2) return block.timestamp;
        if (fault == 3) return block.timestamp + VALIDITY;
        return dice.between(block.timestamp, block.timestamp + VALIDITY);
    }

    function _encode(uint256 fault, uint256 privateKey, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        if (fault == 7) return abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        if (fault == 8) return abi.encodePacked(r, s);
        return abi.encodePacked(r, s, v);
    }

    /// @param fault 9 to 12: other terms than the bounty's.
    function _digest(IBountyMarket.Claim memory item, uint256 round, uint256 fault) private view returns (bytes32) {
        IBountyMarket.Bounty memory bounty = market.getBounty(item.bountyId);
        ClaimMessage memory message = ClaimMessage({
            bountyId: item.bountyId,
            agentId: item.agentId,
            wallet: item.wallet,
            round: round,
            reward: bounty.reward + (fault == 9 ? 1 : 0),
            stake: bounty.stake + (fault == 10 ? 1 : 0),
            workPeriod: bounty.workPeriod + (fault == 11 ? 1 : 0),
            evaluator: fault == 12 ? item.wallet : bounty.evaluator,
            deadline: item.deadline
        });
        return claimDigest(address(market), message);
    }

    /// @return The error that a signed claim must raise: `checkClaim`'s, with the signature checked after the deadline.
    function _signedRefusal(IBountyMarket.Claim memory item) private view returns (bytes memory) {
        bytes memory refusal = _refusal(item.bountyId, item.agentId, item.wallet);
        if (_isAboutTheBounty(refusal)) return refusal;
        if (block.timestamp > item.deadline) {
            return abi.encodeWithSelector(IBountyMarket.SignatureExpired.selector, item.deadline, block.timestamp);
        }
        uint256 latest = block.timestamp + VALIDITY;
        if (item.deadline > latest) {
            return abi.encodeWithSelector(IBountyMarket.SignatureTooLong.selector, item.deadline, latest);
        }
        uint256 round = uint256(market.getBounty(item.bountyId).round) + 1;
        if (!_isSigned(item, round)) {
            return abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, item.bountyId, item.wallet, round);
        }
        return refusal;
    }

    function _isAboutTheBounty(bytes memory refusal) private pure returns (bool) {
        bytes4 selector = selectorOf(refusal);
        return selector == IBountyMarket.BountyNotFound.selector || selector == IBountyMarket.BountyNotOpen.selector
            || selector == IBountyMarket.BountyDeadlinePassed.selector;
    }

    /// @dev By the precompile alone. A contract wallet signs with the key that it was given.
    function _isSigned(IBountyMarket.Claim memory item, uint256 round) private view returns (bool) {
        if (item.signature.length != 65 || keyOf[item.wallet] == 0) return false;
        bytes memory signature = item.signature;
        (bytes32 r, bytes32 s, uint8 v) = _decode(signature);
        if (uint256(s) > HALF_ORDER) return false;
        return ecrecover(_digest(item, round, NO_FAULT), v, r, s) == vm.addr(keyOf[item.wallet]);
    }

    function _decode(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }
}
