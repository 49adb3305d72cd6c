// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentStaking} from "./AgentStaking.sol";
import {Bounties} from "./Bounties.sol";
import {Escrow} from "./Escrow.sol";

/// @title Endings
/// @notice How a claim or a run ends, and who is paid: whatever the state, the caller has been checked before.
abstract contract Endings is Bounties, Escrow {
    /// @dev OPEN → DRAFT.
    function _withdraw(uint256 bountyId, StoredBounty storage bounty) internal {
        address poster = bounty.poster;
        uint256 escrow = _escrowOf(bounty.reward);

        bounty.state = State.DRAFT;
        emit BountyWithdrawn(bountyId, poster, escrow);

        _refund(bountyId, poster, escrow);
    }

    /// @dev CLAIMED or IN_PROGRESS → OPEN or DRAFT.
    /// @param slashes Whether the agent failed to deliver, rather than abandoned its claim.
    /// @param withdraws Whether the bounty becomes a DRAFT even if it is not closing.
    function _endClaim(uint256 bountyId, StoredBounty storage bounty, bool slashes, bool withdraws) internal {
        uint256 agentId = bounty.agentId;
        address poster = bounty.poster;
        (uint256 reward, uint256 stake,, uint256 round) = _offerOf(bountyId, bounty);
        uint256 escrow = _escrowOf(reward);

        withdraws = _loseClaim(bountyId, bounty, withdraws);
        if (slashes) emit ClaimSlashed(bountyId, agentId, poster, stake, round);
        else emit ClaimAbandoned(bountyId, agentId, poster, stake, round);
        if (withdraws) emit BountyWithdrawn(bountyId, poster, escrow);

        if (slashes) _slashStake(bountyId, agentId, stake);
        else _forfeitStake(bountyId, agentId, stake);
        if (withdraws) _refund(bountyId, poster, escrow);
    }

    /// @dev SUBMITTED or REVISION_REQUESTED → APPROVED.
    function _approve(uint256 bountyId, StoredBounty storage bounty, bool byTimeout) internal {
        uint256 agentId = bounty.agentId;
        address wallet = bounty.wallet;
        (uint256 reward, uint256 stake,, uint256 round) = _offerOf(bountyId, bounty);
        uint256 fee = _feeOf(reward);

        bounty.state = State.APPROVED;
        _oweTreasury(fee);
        emit BountyApproved(bountyId, agentId, wallet, reward, fee, byTimeout, round);

        AgentStaking(STAKING).release(agentId, bountyId, stake, reward);
        _pay(bountyId, wallet, reward);
    }

    /// @dev SUBMITTED or REVISION_REQUESTED → REJECTED. The poster's own rejection, too, stands where USDC refuses the
    /// refund: a rejection that had to wait could become an approval by timeout.
    function _reject(uint256 bountyId, StoredBounty storage bounty) internal {
        uint256 agentId = bounty.agentId;
        address poster = bounty.poster;
        (uint256 reward, uint256 stake,, uint256 round) = _offerOf(bountyId, bounty);
        uint256 fee = _feeOf(reward);

        bounty.state = State.REJECTED;
        emit BountyRejected(bountyId, agentId, poster, reward, fee + stake, round);

        _forfeitStake(bountyId, agentId, stake);
        _pay(bountyId, poster, reward);
        _pay(bountyId, BURN, fee);
    }
}
