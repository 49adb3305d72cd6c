// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {AgentStaking} from "./AgentStaking.sol";
import {Bounties} from "./Bounties.sol";
import {BURN_ADDRESS} from "./Rules.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title Escrow
/// @notice How a claim or a run ends, who is paid for it, and what the market owes where USDC refuses a transfer.
abstract contract Escrow is Bounties {
    using SafeERC20 for IERC20;

    /// @inheritdoc IBountyMarket
    address public constant BURN = BURN_ADDRESS;

    /// @inheritdoc IBountyMarket
    address public immutable USDC;
    /// @inheritdoc IBountyMarket
    address public immutable STAKING;
    /// @inheritdoc IBountyMarket
    address public immutable TREASURY;

    /// @inheritdoc IBountyMarket
    mapping(address payee => uint256) public owed;

    constructor(address usdc, address registry, address treasury, address stakingOwner) {
        // AgentStaking refuses a zero `usdc` and `registry`, with the same error.
        require(treasury != address(0) && stakingOwner != address(0), ZeroAddress());
        address staking = address(new AgentStaking(usdc, registry, stakingOwner));
        // None of these can send on what it receives, nor ban an agent.
        address[5] memory passive = [address(this), staking, usdc, registry, BURN];
        for (uint256 i = 0; i < passive.length; ++i) {
            require(treasury != passive[i], InvalidTreasury(treasury));
            require(stakingOwner != passive[i], InvalidStakingOwner(stakingOwner));
        }
        USDC = usdc;
        TREASURY = treasury;
        STAKING = staking;
    }

    /// @inheritdoc IBountyMarket
    function collect(address payee) external {
        uint256 amount = owed[payee];
        // One unit of the treasury's always stays: a slot that is never zero makes every approval cheaper.
        uint256 remaining = payee == TREASURY ? 1 : 0;
        require(amount > remaining, NothingOwed(payee));

        amount -= remaining;
        owed[payee] = remaining;
        emit PaymentCollected(payee, amount);
        // Lost stake that could not be burned is still in the staking contract.
        if (payee == BURN) amount -= AgentStaking(STAKING).burnDeferred();
        IERC20(USDC).safeTransfer(payee, amount);
    }

    /// @dev OPEN → DRAFT.
    function _withdraw(uint256 bountyId, StoredBounty storage bounty) internal {
        address poster = bounty.poster;
        uint256 escrow = _escrowOf(bounty.reward);

        bounty.state = State.DRAFT;
        emit BountyWithdrawn(bountyId, poster, escrow);

        _pay(bountyId, poster, escrow);
    }

    /// @dev CLAIMED or IN_PROGRESS → OPEN, or → DRAFT where the bounty is closing or can no longer be claimed.
    /// @param slashes Whether the agent failed to deliver, rather than abandoned its claim.
    function _endClaim(uint256 bountyId, StoredBounty storage bounty, bool slashes) internal {
        uint256 agentId = bounty.agentId;
        address poster = bounty.poster;
        uint256 claimedAt = bounty.since;
        (uint256 reward, uint256 stake,, uint256 round,) = _offerOf(bountyId, bounty);
        uint256 escrow = _escrowOf(reward);

        bool withdraws = _loseClaim(bountyId, bounty);
        if (slashes) emit ClaimSlashed(bountyId, agentId, poster, stake, round);
        else emit ClaimAbandoned(bountyId, agentId, poster, stake, round);
        if (withdraws) emit BountyWithdrawn(bountyId, poster, escrow);

        if (slashes) _slashStake(bountyId, agentId, stake, claimedAt);
        else _forfeitStake(bountyId, agentId, stake);
        if (withdraws) _pay(bountyId, poster, escrow);
    }

    /// @dev SUBMITTED or REVISION_REQUESTED → APPROVED.
    /// @param by Who approved. Zero: the review period has passed, and the fee is burned.
    function _approve(uint256 bountyId, StoredBounty storage bounty, address by) internal {
        uint256 agentId = bounty.agentId;
        address wallet = bounty.wallet;
        (uint256 reward, uint256 stake,, uint256 round,) = _offerOf(bountyId, bounty);
        uint256 fee = _feeOf(reward);

        bounty.state = State.APPROVED;
        // The treasury collects its fees together: a transfer for each would cost more gas.
        if (by != address(0)) owed[TREASURY] += fee;
        emit BountyApproved(bountyId, agentId, wallet, reward, fee, by, round);

        AgentStaking(STAKING).release(agentId, bountyId, stake, reward);
        _pay(bountyId, wallet, reward);
        if (by == address(0)) _pay(bountyId, BURN, fee);
    }

    /// @dev SUBMITTED or REVISION_REQUESTED → REJECTED.
    function _reject(uint256 bountyId, StoredBounty storage bounty, Rejection reason) internal {
        uint256 agentId = bounty.agentId;
        address poster = bounty.poster;
        (uint256 reward, uint256 stake,, uint256 round,) = _offerOf(bountyId, bounty);
        uint256 fee = _feeOf(reward);

        bounty.state = State.REJECTED;
        emit BountyRejected(bountyId, agentId, poster, reward, fee + stake, round, reason);

        _forfeitStake(bountyId, agentId, stake);
        _pay(bountyId, poster, reward);
        _pay(bountyId, BURN, fee);
    }

    /// @dev The caller pays.
    function _pull(uint256 amount) internal {
        IERC20(USDC).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @dev USDC can be paused, and can blacklist an address; a payment that it refuses is owed, so that neither one payee
    /// nor a pause keeps a run from ending. A transfer that is starved of gas on purpose leaves 1/63 of its gas, too little
    /// to write the debt, so the whole call reverts.
    function _pay(uint256 bountyId, address payee, uint256 amount) private {
        if (!IERC20(USDC).trySafeTransfer(payee, amount)) _defer(bountyId, payee, amount);
    }

    function _forfeitStake(uint256 bountyId, uint256 agentId, uint256 stake) private {
        if (!AgentStaking(STAKING).forfeit(agentId, bountyId, stake)) _defer(bountyId, BURN, stake);
    }

    function _slashStake(uint256 bountyId, uint256 agentId, uint256 stake, uint256 claimedAt) private {
        if (!AgentStaking(STAKING).slash(agentId, bountyId, stake, claimedAt)) _defer(bountyId, BURN, stake);
    }

    function _defer(uint256 bountyId, address payee, uint256 amount) private {
        owed[payee] += amount;
        emit PaymentDeferred(bountyId, payee, amount);
    }
}
