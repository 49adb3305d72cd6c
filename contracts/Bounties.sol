// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {MIN_AGENT_STAKE} from "./Rules.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title Bounties
/// @notice The bounties, the values that their terms imply, and the checks before a call may change one.
/// @dev Every call checks in this order: the bounty exists, its state, the caller, the time, the rest.
abstract contract Bounties is IBountyMarket {
    /// @dev Two slots. Posting writes only the first, claiming only the second, so that a run pays for two new slots in
    /// its life. Whatever else `getBounty` shows is derived.
    struct StoredBounty {
        address poster;
        uint56 reward;
        /// Ends in 2106, after which no bounty can be created. Bounties that exist by then continue.
        uint32 deadline;
        /// Whether the `StoredExtra` may hold anything but `closing`, which is read without this mark.
        bool hasExtra;
        // The second slot.
        address wallet;
        uint40 agentId;
        uint40 since;
        /// STORED_OPEN while the bounty is OPEN.
        State state;
        /// How many revisions the claim was asked for, plus LATER_ROUND where it is not the bounty's first claim. So the
        /// round of a first claim is known from this slot alone.
        uint8 revisions;
    }

    /// @dev A third slot, only for a bounty with terms of its own, with a failed claim, or closed while it was claimed.
    /// Zero is the default. A fourth, only where the terms name a claimant.
    struct StoredExtra {
        address evaluator;
        uint32 workPeriod;
        uint8 stakePercent;
        /// How many of the bounty's claims were slashed or abandoned. Each takes a transaction: 2^32 of them would fill
        /// a chain for months, so no overflow can keep a claim from ending.
        uint32 lostClaims;
        /// Whether the poster closed the bounty during a claim. DRAFT clears it.
        bool closing;
        /// Whether only `claimant` may claim, so that a claim of any other bounty does not read the fourth slot.
        bool isReserved;
        // The fourth slot.
        address claimant;
        /// How often a claimant was named, the terms included. Each takes a transaction, as of `lostClaims`.
        uint32 namings;
    }

    /// @inheritdoc IBountyMarket
    uint256 public constant FEE_BPS = 500;
    /// @inheritdoc IBountyMarket
    uint256 public constant LOCK_BPS = 1000;
    /// @inheritdoc IBountyMarket
    uint256 public constant DEFAULT_WORK_PERIOD = 7 days;
    /// @inheritdoc IBountyMarket
    uint256 public constant REVIEW_PERIOD = 7 days;
    /// @inheritdoc IBountyMarket
    uint256 public constant GRACE_PERIOD = 7 days;
    /// @inheritdoc IBountyMarket
    uint256 public constant MAX_REVISIONS = 3;
    /// @inheritdoc IBountyMarket
    uint256 public constant MIN_REWARD = 10_000;
    /// @inheritdoc IBountyMarket
    uint256 public immutable MAX_REWARD;
    /// @inheritdoc IBountyMarket
    uint256 public constant MAX_DEADLINE = 365 days;

    /// @dev How OPEN is stored: the second slot of a bounty that was never claimed must be empty. `_stateOf` tells it from
    /// no bounty.
    State private constant STORED_OPEN = State.NONE;
    uint8 private constant LATER_ROUND = 128;
    uint256 private constant LARGEST_MAX_REWARD = 1e15;
    uint256 private constant MIN_WORK_PERIOD = 1 hours;
    uint256 private constant MAX_WORK_PERIOD = 30 days;
    uint256 private constant MAX_STAKE_PERCENT = 100;
    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_STRING_LENGTH = 128;

    mapping(uint256 bountyId => StoredBounty) internal _bounties;
    mapping(uint256 bountyId => StoredExtra) private _extras;
    /// @inheritdoc IBountyMarket
    uint256 public bountyCount;

    constructor(uint256 maxReward) {
        require(
            maxReward >= MIN_REWARD && maxReward <= LARGEST_MAX_REWARD,
            RewardOutOfRange(maxReward, MIN_REWARD, LARGEST_MAX_REWARD)
        );
        MAX_REWARD = maxReward;
    }

    /// @inheritdoc IBountyMarket
    function getBounty(uint256 bountyId) external view returns (Bounty memory) {
        StoredBounty storage bounty = _bounties[bountyId];
        State state = _stateOf(bounty);
        if (state == State.NONE) return _noBounty();
        (, uint256 stake, uint256 workPeriod, uint256 round,) = _offerOf(bountyId, bounty);
        // Casting is safe because a stake is at most the reward, and a work period at most MAX_WORK_PERIOD.
        // forge-lint: disable-start(unsafe-typecast)
        return Bounty({
            poster: bounty.poster,
            reward: bounty.reward,
            stake: uint56(stake),
            deadline: bounty.deadline,
            workPeriod: uint32(workPeriod),
            evaluator: _extras[bountyId].evaluator,
            wallet: bounty.wallet,
            agentId: bounty.agentId,
            since: bounty.since,
            state: state,
            revisions: _revisionsOf(bounty),
            round: uint32(bounty.wallet == address(0) ? round - 1 : round),
            closing: _extras[bountyId].closing,
            claimant: _extras[bountyId].claimant,
            namings: _extras[bountyId].namings
        });
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev Stores a new bounty. The calling function emits and funds.
    function _store(
        address poster,
        string calldata ipfsHash,
        uint256 reward,
        uint64 deadline,
        Terms memory terms,
        State state
    ) internal returns (uint256 bountyId) {
        _requireString(ipfsHash);
        require(reward >= MIN_REWARD && reward <= MAX_REWARD, RewardOutOfRange(reward, MIN_REWARD, MAX_REWARD));
        uint256 latest = Math.min(block.timestamp + MAX_DEADLINE, type(uint32).max);
        require(
            deadline > block.timestamp && deadline <= latest, DeadlineOutOfRange(deadline, block.timestamp + 1, latest)
        );

        // No chain makes 2^256 transactions.
        unchecked {
            bountyId = ++bountyCount;
        }
        StoredBounty storage bounty = _bounties[bountyId];
        // Casting is safe because both were just bounded.
        // forge-lint: disable-next-line(unsafe-typecast)
        _writeFirstSlot(bounty, poster, uint56(reward), uint32(deadline), _storeTerms(bountyId, terms));
        if (state != State.OPEN) _setState(bounty, state);
    }

    function _writeFirstSlot(StoredBounty storage bounty, address poster, uint56 reward, uint32 deadline, bool hasExtra)
        private
    {
        bounty.poster = poster;
        bounty.reward = reward;
        bounty.deadline = deadline;
        bounty.hasExtra = hasExtra;
    }

    /// @return Whether the terms differ from the defaults, and so take a slot.
    function _storeTerms(uint256 bountyId, Terms memory terms) private returns (bool) {
        if (
            terms.workPeriod == 0 && terms.stakePercent == 0 && terms.evaluator == address(0)
                && terms.claimant == address(0)
        ) return false;

        require(
            terms.workPeriod % 1 hours == 0 && terms.workPeriod <= MAX_WORK_PERIOD,
            InvalidWorkPeriod(terms.workPeriod, MIN_WORK_PERIOD, MAX_WORK_PERIOD)
        );
        require(terms.stakePercent <= MAX_STAKE_PERCENT, StakePercentOutOfRange(terms.stakePercent, MAX_STAKE_PERCENT));
        StoredExtra storage extra = _extras[bountyId];
        extra.evaluator = terms.evaluator;
        extra.workPeriod = terms.workPeriod;
        extra.stakePercent = terms.stakePercent;
        if (terms.claimant != address(0)) {
            extra.isReserved = true;
            extra.claimant = terms.claimant;
            extra.namings = 1;
        }
        return true;
    }

    /// @dev Zero opens the bounty to anyone, for good.
    /// @return namings How often a claimant was named by now.
    function _storeClaimant(uint256 bountyId, address claimant) internal returns (uint32 namings) {
        StoredExtra storage extra = _extras[bountyId];
        require(extra.isReserved, NoClaimantNamed(bountyId));
        namings = extra.namings + 1;
        extra.claimant = claimant;
        extra.namings = namings;
        if (claimant == address(0)) extra.isReserved = false;
    }

    /// @dev How often a claimant of the bounty was named.
    function _namingsOf(uint256 bountyId) internal view returns (uint256) {
        return _extras[bountyId].namings;
    }

    /// @dev Of a bounty that `isReserved`. The poster as the claimant stands for no wallet yet, so it refuses the poster's own
    /// wallet too.
    function _requireClaimant(uint256 bountyId, StoredBounty storage bounty, address wallet) internal view {
        address claimant = _extras[bountyId].claimant;
        require(wallet == claimant && claimant != bounty.poster, NotClaimant(bountyId, wallet, claimant));
    }

    /// @dev The bounty's claim has failed: clears the claim and ends its round. It had no revision: a claim that has
    /// submitted work ends otherwise.
    /// @return withdraws Whether it became a DRAFT, because it is closing, or could no longer be claimed and would only wait
    /// for `expireBounty`.
    function _loseClaim(uint256 bountyId, StoredBounty storage bounty) internal returns (bool withdraws) {
        StoredExtra storage extra = _extras[bountyId];
        uint32 lostClaims = extra.lostClaims + 1;
        withdraws = extra.closing || block.timestamp > bounty.deadline;
        extra.closing = false;
        extra.lostClaims = lostClaims;

        bounty.wallet = address(0);
        bounty.agentId = 0;
        bounty.since = 0;
        _setState(bounty, withdraws ? State.DRAFT : State.OPEN);
        if (!bounty.hasExtra) bounty.hasExtra = true;
    }

    function _markClosing(uint256 bountyId) internal {
        StoredExtra storage extra = _extras[bountyId];
        require(!extra.closing, BountyIsClosing(bountyId));
        extra.closing = true;
    }

    function _setState(StoredBounty storage bounty, State state) internal {
        bounty.state = state == State.OPEN ? STORED_OPEN : state;
    }

    /// @dev Needed only where the bounty may be OPEN or none: any other state is the stored one.
    function _stateOf(StoredBounty storage bounty) internal view returns (State state) {
        state = bounty.state;
        if (state == STORED_OPEN && bounty.poster != address(0)) return State.OPEN;
    }

    function _writeSecondSlot(StoredBounty storage bounty, address wallet, uint40 agentId, uint256 round) internal {
        uint8 revisions = round > 1 ? LATER_ROUND : 0;
        bounty.state = State.CLAIMED;
        bounty.revisions = revisions;
        bounty.wallet = wallet;
        bounty.agentId = agentId;
        bounty.since = uint40(block.timestamp);
    }

    function _revisionsOf(StoredBounty storage bounty) internal view returns (uint8) {
        return bounty.revisions % LATER_ROUND;
    }

    /// @dev The number of the live claim, and how many revisions it was asked for.
    function _liveClaimOf(uint256 bountyId, StoredBounty storage bounty)
        internal
        view
        returns (uint256 round, uint8 revisions)
    {
        revisions = bounty.revisions;
        if (revisions < LATER_ROUND) return (1, revisions);
        return (uint256(_extras[bountyId].lostClaims) + 1, revisions % LATER_ROUND);
    }

    /// @dev The number of the live claim, or of the next one.
    function _roundOf(uint256 bountyId, StoredBounty storage bounty) internal view returns (uint256) {
        return bounty.hasExtra ? uint256(_extras[bountyId].lostClaims) + 1 : 1;
    }

    /// @dev The reward, and the terms of a claim. Read in one call, because a batch makes many claims.
    function _offerOf(uint256 bountyId, StoredBounty storage bounty)
        internal
        view
        returns (uint256 reward, uint256 stake, uint256 workPeriod, uint256 round, bool isReserved)
    {
        reward = bounty.reward;
        if (!bounty.hasExtra) return (reward, _stakeFor(reward, 0), DEFAULT_WORK_PERIOD, 1, false);
        StoredExtra storage extra = _extras[bountyId];
        isReserved = extra.isReserved;
        stake = _stakeFor(reward, extra.stakePercent);
        workPeriod = _workPeriodFor(extra.workPeriod);
        round = uint256(extra.lostClaims) + 1;
    }

    function _workPeriodOf(uint256 bountyId, StoredBounty storage bounty) internal view returns (uint256) {
        return _workPeriodFor(bounty.hasExtra ? _extras[bountyId].workPeriod : 0);
    }

    /// @dev As the terms name it: zero means that the poster evaluates.
    function _namedEvaluatorOf(uint256 bountyId, StoredBounty storage bounty) internal view returns (address) {
        return bounty.hasExtra ? _extras[bountyId].evaluator : address(0);
    }

    /// @dev The poster, unless the terms name another.
    function _evaluatorOf(uint256 bountyId, StoredBounty storage bounty) internal view returns (address) {
        address evaluator = _namedEvaluatorOf(bountyId, bounty);
        return evaluator == address(0) ? bounty.poster : evaluator;
    }

    function _bountyIn(uint256 bountyId, State expected) internal view returns (StoredBounty storage bounty) {
        bounty = _bounties[bountyId];
        if (_stateOf(bounty) != expected) _refuseState(bountyId, bounty);
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

    /// @dev Requires a bounty whose claim has delivered nothing yet.
    function _undelivered(uint256 bountyId) internal view returns (StoredBounty storage bounty) {
        bounty = _bounties[bountyId];
        State state = bounty.state;
        if (state != State.CLAIMED && state != State.IN_PROGRESS) _refuseState(bountyId, bounty);
    }

    /// @dev Requires a bounty whose agent has the next move.
    function _awaitingWork(uint256 bountyId) internal view returns (StoredBounty storage bounty) {
        bounty = _bounties[bountyId];
        State state = bounty.state;
        if (state != State.CLAIMED && state != State.IN_PROGRESS && state != State.REVISION_REQUESTED) {
            _refuseState(bountyId, bounty);
        }
    }

    /// @dev Requires a bounty of which a delivery can be approved.
    function _approvable(uint256 bountyId) internal view returns (StoredBounty storage bounty) {
        bounty = _bounties[bountyId];
        State state = bounty.state;
        if (state != State.SUBMITTED && state != State.REVISION_REQUESTED) _refuseState(bountyId, bounty);
    }

    /// @dev Requires a bounty that its poster can close.
    function _closable(uint256 bountyId) internal view returns (StoredBounty storage bounty) {
        bounty = _bounties[bountyId];
        State state = _stateOf(bounty);
        if (state != State.OPEN && state != State.CLAIMED && state != State.IN_PROGRESS) {
            _refuseState(bountyId, bounty);
        }
    }

    function _refuseState(uint256 bountyId, StoredBounty storage bounty) private view {
        State state = _stateOf(bounty);
        require(state != State.NONE, BountyNotFound(bountyId));
        revert InvalidState(bountyId, state);
    }

    function _requireBeforeDeadline(uint256 bountyId, uint256 deadline) internal view {
        require(block.timestamp <= deadline, BountyDeadlinePassed(bountyId, deadline, block.timestamp));
    }

    function _requireInReview(uint256 bountyId, StoredBounty storage bounty) internal view {
        uint256 reviewBy = bounty.since + REVIEW_PERIOD;
        require(block.timestamp <= reviewBy, ReviewPeriodOver(bountyId, reviewBy, block.timestamp));
    }

    /// @dev A claim that is late is ended by a slash or by late work: abandoned, it would never freeze its agent.
    function _requireNotOverdue(uint256 bountyId, StoredBounty storage bounty) internal view {
        uint256 submitBy = bounty.since + _workPeriodOf(bountyId, bounty);
        require(block.timestamp <= submitBy, SubmissionOverdue(bountyId, submitBy, block.timestamp));
    }

    /// @dev The parties may end an overdue claim after its `submitBy`, anyone else GRACE_PERIOD later.
    function _requireOverdue(uint256 bountyId, StoredBounty storage bounty, bool byParty) internal view {
        uint256 limit = bounty.since + _workPeriodOf(bountyId, bounty);
        if (!byParty) limit += GRACE_PERIOD;
        require(block.timestamp > limit, SubmissionNotOverdue(bountyId, limit, block.timestamp));
    }

    function _requirePoster(uint256 bountyId, StoredBounty storage bounty) internal view {
        address poster = bounty.poster;
        require(msg.sender == poster, NotPoster(bountyId, msg.sender, poster));
    }

    function _requireEvaluator(uint256 bountyId, StoredBounty storage bounty, address account)
        internal
        view
        returns (address evaluator)
    {
        evaluator = _evaluatorOf(bountyId, bounty);
        require(account == evaluator, NotEvaluator(bountyId, account, evaluator));
    }

    function _requirePosterOrEvaluator(uint256 bountyId, StoredBounty storage bounty, address account) internal view {
        address poster = bounty.poster;
        if (account == poster) return;
        address evaluator = _evaluatorOf(bountyId, bounty);
        require(account == evaluator, NotPosterOrEvaluator(bountyId, account, poster, evaluator));
    }

    function _requireClaimingWallet(uint256 bountyId, StoredBounty storage bounty) internal view {
        address wallet = bounty.wallet;
        require(msg.sender == wallet, NotClaimingWallet(bountyId, msg.sender, wallet));
    }

    /// @dev An approval names the delivery that it pays for, so that a later one cannot take its place.
    function _requireLastDelivery(uint256 bountyId, StoredBounty storage bounty, uint256 revision) internal view {
        uint256 last = bounty.revisions % LATER_ROUND;
        if (bounty.state == State.REVISION_REQUESTED) last -= 1;
        require(revision == last, WrongRevision(bountyId, revision, last));
    }

    function _requireString(string calldata value) internal pure {
        uint256 length = bytes(value).length;
        require(length > 0 && length <= MAX_STRING_LENGTH, InvalidStringLength(length, MAX_STRING_LENGTH));
    }

    function _secondsAhead(uint256 duration) internal view returns (uint64) {
        // A 64-bit clock runs for half a trillion years, and a duration is a few weeks.
        unchecked {
            // forge-lint: disable-next-line(unsafe-typecast)
            return uint64(block.timestamp + duration);
        }
    }

    /// @param stakePercent From the terms: zero is the default.
    function _stakeFor(uint256 reward, uint256 stakePercent) internal pure returns (uint256) {
        if (stakePercent != 0) return _shareOf(reward, stakePercent * (BPS / 100));
        uint256 stake = _shareOf(reward, LOCK_BPS);
        // The fee is a smaller share, so only where MIN_STAKE limits the stake can the fee be more.
        return stake <= MIN_AGENT_STAKE ? stake : Math.max(_feeOf(reward), MIN_AGENT_STAKE);
    }

    /// @param workPeriod From the terms: zero is the default.
    function _workPeriodFor(uint256 workPeriod) internal pure returns (uint256) {
        return workPeriod == 0 ? DEFAULT_WORK_PERIOD : workPeriod;
    }

    function _escrowOf(uint256 reward) internal pure returns (uint256) {
        // As in `_shareOf`.
        unchecked {
            return reward + _feeOf(reward);
        }
    }

    function _feeOf(uint256 reward) internal pure returns (uint256) {
        return _shareOf(reward, FEE_BPS);
    }

    function _shareOf(uint256 reward, uint256 bps) private pure returns (uint256) {
        // A reward is at most MAX_REWARD: no product comes near 2^256.
        unchecked {
            return reward * bps / BPS;
        }
    }

    function _noBounty() private pure returns (Bounty memory bounty) {}
}
