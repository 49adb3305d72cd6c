// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {AgentStaking} from "./AgentStaking.sol";
import {BURN_ADDRESS} from "./Rules.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title Escrow
/// @notice How the market takes, pays and burns USDC, and records what it owes where USDC refuses a transfer.
abstract contract Escrow is IBountyMarket {
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
        // None of these can send on what it receives.
        require(
            treasury != address(this) && treasury != staking && treasury != usdc && treasury != BURN,
            InvalidTreasury(treasury)
        );
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

    /// @dev The caller pays.
    function _pull(uint256 amount) internal {
        IERC20(USDC).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @dev A poster that calls gets USDC's error if it cannot be paid, and its escrow stays here. A call by anyone
    /// else must not depend on it.
    function _refund(uint256 bountyId, address poster, uint256 amount) internal {
        if (msg.sender == poster) IERC20(USDC).safeTransfer(poster, amount);
        else _pay(bountyId, poster, amount);
    }

    /// @dev USDC can be paused, and can blacklist an address; a payment that it refuses is owed, so that one payee
    /// never blocks another. A transfer that is starved of gas on purpose leaves 1/63 of its gas, too little to write
    /// the debt, so the whole call reverts.
    function _pay(uint256 bountyId, address payee, uint256 amount) internal {
        if (!IERC20(USDC).trySafeTransfer(payee, amount)) _defer(bountyId, payee, amount);
    }

    /// @dev Paid by `collect`, once for many runs: a transfer for each would cost more gas.
    function _oweTreasury(uint256 fee) internal {
        owed[TREASURY] += fee;
    }

    function _forfeitStake(uint256 bountyId, uint256 agentId, uint256 stake) internal {
        if (!AgentStaking(STAKING).forfeit(agentId, bountyId, stake)) _defer(bountyId, BURN, stake);
    }

    function _slashStake(uint256 bountyId, uint256 agentId, uint256 stake) internal {
        if (!AgentStaking(STAKING).slash(agentId, bountyId, stake)) _defer(bountyId, BURN, stake);
    }

    function _defer(uint256 bountyId, address payee, uint256 amount) private {
        owed[payee] += amount;
        emit PaymentDeferred(bountyId, payee, amount);
    }
}
