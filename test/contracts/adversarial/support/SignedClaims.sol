// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../../support/BountyMarketTest.sol";
import {ClaimSigner} from "../../support/ClaimSigner.sol";

/// @title SignedClaims
/// @notice Claims that a wallet signed and a stranger sends.
abstract contract SignedClaims is BountyMarketTest, ClaimSigner {
    /// @dev The claim that the agent's wallet must sign now, valid for a whole hour.
    function _message(uint256 bountyId) internal view returns (ClaimMessage memory) {
        return ClaimMessage({
            bountyId: bountyId,
            agentId: AGENT,
            wallet: wallet,
            round: market.getBounty(bountyId).round + 1,
            reward: REWARD,
            stake: LOCK,
            workPeriod: 7 days,
            evaluator: terms.evaluator,
            deadline: vm.getBlockTimestamp() + 1 hours
        });
    }

    function _sign(ClaimMessage memory message) internal view returns (bytes memory) {
        return sign(walletKey, claimDigest(address(market), message));
    }

    /// @dev The call that follows an expectation, so it sets nothing but the sender.
    function _bring(ClaimMessage memory message, bytes memory signature) internal {
        vm.prank(stranger);
        market.claimBountyWithSig(message.bountyId, message.agentId, message.wallet, message.deadline, signature);
    }

    function _expectInvalid(uint256 bountyId, address signer, uint256 round) internal {
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, signer, round));
    }

    function _item(ClaimMessage memory message, bytes memory signature)
        internal
        pure
        returns (IBountyMarket.Claim memory)
    {
        return IBountyMarket.Claim(message.bountyId, message.agentId, message.wallet, message.deadline, signature);
    }

    function _signedItem(uint256 bountyId) internal view returns (IBountyMarket.Claim memory) {
        ClaimMessage memory message = _message(bountyId);
        return _item(message, _sign(message));
    }

    function _assertResult(IBountyMarket.ItemResult result, IBountyMarket.ItemResult expected) internal pure {
        assertEq(uint256(result), uint256(expected), "result");
    }

    /// @dev Sells the agent to a contract. The transfer clears the wallet, so the new owner is also the wallet.
    function _giveAgentTo(address buyer) internal {
        _sell(buyer);
        wallet = buyer;
    }
}
