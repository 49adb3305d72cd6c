// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Escrow} from "./Escrow.sol";
import {RunSignatures} from "./RunSignatures.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title Posting
/// @notice What the poster does with a bounty: create, fund and close it, and name who may claim it.
abstract contract Posting is Escrow, RunSignatures {
    /// @inheritdoc IBountyMarket
    function createBounty(string calldata ipfsHash, uint256 reward, uint64 deadline, Terms memory terms)
        external
        returns (uint256 bountyId)
    {
        return _create(msg.sender, ipfsHash, reward, deadline, terms, State.DRAFT);
    }

    /// @inheritdoc IBountyMarket
    function postBounty(string calldata ipfsHash, uint256 reward, uint64 deadline, Terms memory terms)
        external
        returns (uint256 bountyId)
    {
        bountyId = _create(msg.sender, ipfsHash, reward, deadline, terms, State.OPEN);
        _fund(bountyId, msg.sender, reward);
    }

    /// @inheritdoc IBountyMarket
    function postBountyFor(
        address poster,
        string calldata ipfsHash,
        uint256 reward,
        uint64 deadline,
        Terms memory terms
    ) external returns (uint256 bountyId) {
        require(poster != address(0), ZeroAddress());
        bountyId = _create(poster, ipfsHash, reward, deadline, terms, State.OPEN);
        _fund(bountyId, poster, reward);
    }

    /// @inheritdoc IBountyMarket
    function fundBounty(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.DRAFT);
        _requirePoster(bountyId, bounty);
        _requireBeforeDeadline(bountyId, bounty.deadline);

        _setState(bounty, State.OPEN);
        _fund(bountyId, msg.sender, bounty.reward);
    }

    /// @inheritdoc IBountyMarket
    function expireBounty(uint256 bountyId) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.OPEN);
        uint256 deadline = bounty.deadline;
        require(block.timestamp > deadline, BountyDeadlineNotPassed(bountyId, deadline, block.timestamp));
        _withdraw(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function closeBounty(uint256 bountyId) external {
        StoredBounty storage bounty = _closable(bountyId);
        _requirePoster(bountyId, bounty);
        _close(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function closeBountyWithSig(uint256 bountyId, uint256 deadline, bytes calldata signature) external {
        StoredBounty storage bounty = _closable(bountyId);
        _requireCloseSignature(bountyId, bounty.poster, _roundOf(bountyId, bounty), deadline, signature);
        _close(bountyId, bounty);
    }

    /// @inheritdoc IBountyMarket
    function nameClaimant(uint256 bountyId, address claimant) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.OPEN);
        _requirePoster(bountyId, bounty);
        _nameClaimant(bountyId, bounty.poster, claimant);
    }

    /// @inheritdoc IBountyMarket
    function nameClaimantWithSig(
        uint256 bountyId,
        address claimant,
        uint256 naming,
        uint256 deadline,
        bytes calldata signature
    ) external {
        StoredBounty storage bounty = _bountyIn(bountyId, State.OPEN);
        address poster = bounty.poster;
        uint256 round = _roundOf(bountyId, bounty);
        _requireNamingSignature(bountyId, poster, round, naming, claimant, deadline, signature);
        uint256 current = _namingsOf(bountyId);
        require(naming == current, WrongNaming(bountyId, naming, current));
        _nameClaimant(bountyId, poster, claimant);
    }

    function _nameClaimant(uint256 bountyId, address poster, address claimant) private {
        uint256 namings = _storeClaimant(bountyId, claimant);
        emit ClaimantNamed(bountyId, poster, claimant, namings);
    }

    function _create(
        address poster,
        string calldata ipfsHash,
        uint256 reward,
        uint64 deadline,
        Terms memory terms,
        State state
    ) private returns (uint256 bountyId) {
        bountyId = _store(poster, ipfsHash, reward, deadline, terms, state);
        uint256 stake = _stakeFor(reward, terms.stakePercent);
        // Casting is safe because a work period is at most thirty days.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint32 workPeriod = uint32(_workPeriodFor(terms.workPeriod));
        emit BountyCreated(
            bountyId, poster, ipfsHash, reward, _feeOf(reward), stake, deadline, workPeriod, terms.evaluator
        );
        if (terms.claimant != address(0)) emit ClaimantNamed(bountyId, poster, terms.claimant, 1);
    }

    function _fund(uint256 bountyId, address poster, uint256 reward) private {
        uint256 escrow = _escrowOf(reward);
        emit BountyFunded(bountyId, poster, msg.sender, escrow);
        _pull(escrow);
    }

    function _close(uint256 bountyId, StoredBounty storage bounty) private {
        if (_stateOf(bounty) == State.OPEN) return _withdraw(bountyId, bounty);
        _markClosing(bountyId);
        emit BountyClosing(bountyId, bounty.poster);
    }
}
