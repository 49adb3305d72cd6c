// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title Bounties
/// @notice The bounties, the terms all of them share, and what a call about one must show before it may change it.
/// @dev The checks of every call come in this order: the bounty exists, its state, the caller, the time, the rest.
abstract contract Bounties is IBountyMarket {
    /// @dev Two slots, so that a run's life writes two new ones: the terms when it is posted, the claim when it is
    /// claimed. What `getBounty` shows and this does not hold, it derives.
    struct StoredBounty {
        address poster;
        uint56 reward;
        /// Ends in 2106, and with it the creation of bounties; what was created goes on.
        uint32 deadline;
        /// How many of its claims were slashed. At most 53: each began before the deadline, a year ahead at most, and
        /// lasted more than a week.
        uint8 slashes;
        // The second slot.
        address wallet;
        uint40 agentId;
        uint40 since;
        State state;
        uint8 revisions;
    }

    /// @inheritdoc IBountyMarket
    uint256 public constant FEE_BPS = 500;
    /// @inheritdoc IBountyMarket
    uint256 public constant LOCK_BPS = 1000;
    /// @inheritdoc IBountyMarket
    uint256 public constant CLAIM_TIMEOUT = 7 days;
    /// @inheritdoc IBountyMarket
    uint256 public constant REVIEW_PERIOD = 7 days;
    /// @inheritdoc IBountyMarket
    uint256 public constant MAX_REVISIONS = 3;
    /// @inheritdoc IBountyMarket
    uint256 public constant MIN_REWARD = 10_000;
    /// @inheritdoc IBountyMarket
    uint256 public constant MAX_REWARD = 1e15;
    /// @inheritdoc IBountyMarket
    uint256 public constant MAX_DEADLINE = 365 days;

    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_STRING_LENGTH = 128;

    /// @dev How an OPEN bounty's state is stored: not at all, so that its second slot is empty.
    State internal constant STORED_OPEN = State.NONE;

    mapping(uint256 bountyId => StoredBounty) internal _bounties;
    /// @inheritdoc IBountyMarket
    uint256 public bountyCount;

    /// @inheritdoc IBountyMarket
    function getBounty(uint256 bountyId) external view returns (Bounty memory) {
        StoredBounty storage bounty = _bounties[bountyId];
        return Bounty({
            poster: bounty.poster,
            reward: bounty.reward,
            wallet: bounty.wallet,
            deadline: bounty.deadline,
            since: bounty.since,
            state: _stateOf(bounty),
            revisions: bounty.revisions,
            agentId: bounty.agentId,
            round: uint32(bounty.wallet == address(0) ? bounty.slashes : _roundOf(bounty))
        });
    }

    function _stateOf(StoredBounty storage bounty) internal view returns (State state) {
        state = bounty.state;
        if (state == STORED_OPEN && bounty.poster != address(0)) return State.OPEN;
    }

    /// @dev Which claim of the bounty the live one is, or the next one will be.
    function _roundOf(StoredBounty storage bounty) internal view returns (uint256) {
        return uint256(bounty.slashes) + 1;
    }

    /// @dev The bounty, in the state named, whose poster calls.
    function _ownBounty(uint256 bountyId, State state) internal view returns (StoredBounty storage bounty) {
        bounty = _bounties[bountyId];
        _requireState(bountyId, _stateOf(bounty), state);
        _requirePoster(bounty, bountyId);
    }

    function _claimable(uint256 bountyId) internal view returns (StoredBounty storage bounty) {
        bounty = _bounties[bountyId];
        State state = _stateOf(bounty);
        if (state != State.OPEN) {
            require(state != State.NONE, BountyNotFound(bountyId));
            revert BountyNotOpen(bountyId, state);
        }
        _requireBeforeDeadline(bountyId, bounty.deadline);
    }

    function _requireState(uint256 bountyId, State state, State expected) internal pure {
        if (state != expected) _refuseState(bountyId, state);
    }

    function _requireAwaitingWork(uint256 bountyId, State state) internal pure {
        if (state != State.CLAIMED && state != State.IN_PROGRESS && state != State.REVISION_REQUESTED) {
            _refuseState(bountyId, state);
        }
    }

    function _refuseState(uint256 bountyId, State state) private pure {
        require(state != State.NONE, BountyNotFound(bountyId));
        revert InvalidState(bountyId, state);
    }

    function _requireBeforeDeadline(uint256 bountyId, uint256 deadline) internal view {
        require(block.timestamp <= deadline, BountyDeadlinePassed(bountyId, deadline, block.timestamp));
    }

    function _requireInReview(uint256 bountyId, uint256 since) internal view {
        uint256 reviewBy = since + REVIEW_PERIOD;
        require(block.timestamp <= reviewBy, ReviewPeriodOver(bountyId, reviewBy, block.timestamp));
    }

    function _requirePoster(StoredBounty storage bounty, uint256 bountyId) internal view {
        address poster = bounty.poster;
        require(msg.sender == poster, NotPoster(bountyId, msg.sender, poster));
    }

    function _requireClaimingWallet(StoredBounty storage bounty, uint256 bountyId) internal view {
        address wallet = bounty.wallet;
        require(msg.sender == wallet, NotClaimingWallet(bountyId, msg.sender, wallet));
    }

    function _requireString(string calldata value) internal pure {
        uint256 length = bytes(value).length;
        require(length > 0 && length <= MAX_STRING_LENGTH, InvalidStringLength(length, MAX_STRING_LENGTH));
    }

    function _secondsAhead(uint256 duration) internal view returns (uint64) {
        // Casting is safe because a 64-bit clock runs for half a trillion years.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(block.timestamp + duration);
    }

    function _escrowOf(uint256 reward) internal pure returns (uint256) {
        return reward + _feeOf(reward);
    }

    function _feeOf(uint256 reward) internal pure returns (uint256) {
        return _shareOf(reward, FEE_BPS);
    }

    function _shareOf(uint256 reward, uint256 bps) internal pure returns (uint256) {
        // A reward is at most MAX_REWARD: no product comes near 2^256.
        unchecked {
            return reward * bps / BPS;
        }
    }
}
