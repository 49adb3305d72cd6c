// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title OpenBounties
/// @notice A peer for the gas benchmark: bounties that anyone may fulfil, with the calls, the stored data and the events
/// of StandardBounties 2 (https://github.com/Bounties-Network/StandardBounties).
/// @dev It has only what a paid bounty needs: no ETH, no refunds, no changes. Nothing is claimed or staked.
contract OpenBounties {
    using SafeERC20 for IERC20;

    struct Fulfillment {
        address[] fulfillers;
        address submitter;
    }

    struct Contribution {
        address contributor;
        uint256 amount;
        bool refunded;
    }

    struct Bounty {
        address[] issuers;
        address[] approvers;
        uint256 deadline;
        address token;
        uint256 tokenVersion;
        uint256 balance;
        bool hasPaidOut;
        Fulfillment[] fulfillments;
        Contribution[] contributions;
    }

    event BountyIssued(
        uint256 bountyId,
        address creator,
        address[] issuers,
        address[] approvers,
        string data,
        uint256 deadline,
        address token,
        uint256 tokenVersion
    );
    event ContributionAdded(uint256 bountyId, uint256 contributionId, address contributor, uint256 amount);
    event BountyFulfilled(
        uint256 bountyId, uint256 fulfillmentId, address[] fulfillers, string data, address submitter
    );
    event FulfillmentAccepted(uint256 bountyId, uint256 fulfillmentId, address approver, uint256[] tokenAmounts);

    uint256 private constant ERC20_VERSION = 20;

    uint256 public numBounties;

    mapping(uint256 bountyId => Bounty) private _bounties;

    /// @notice Creates a bounty and moves its reward into escrow.
    function issueBounty(
        address[] calldata issuers,
        address[] calldata approvers,
        string calldata data,
        uint256 deadline,
        address token,
        uint256 amount
    ) external returns (uint256 bountyId) {
        bountyId = numBounties++;
        Bounty storage bounty = _bounties[bountyId];
        bounty.issuers = issuers;
        bounty.approvers = approvers;
        bounty.deadline = deadline;
        bounty.token = token;
        bounty.tokenVersion = ERC20_VERSION;
        emit BountyIssued(bountyId, msg.sender, issuers, approvers, data, deadline, token, ERC20_VERSION);

        bounty.contributions.push(Contribution({contributor: msg.sender, amount: amount, refunded: false}));
        bounty.balance += amount;
        emit ContributionAdded(bountyId, bounty.contributions.length - 1, msg.sender, amount);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Submits work.
    function fulfillBounty(uint256 bountyId, address[] calldata fulfillers, string calldata data) external {
        Bounty storage bounty = _bounties[bountyId];
        require(bountyId < numBounties && block.timestamp < bounty.deadline && fulfillers.length > 0);
        bounty.fulfillments.push(Fulfillment({fulfillers: fulfillers, submitter: msg.sender}));
        emit BountyFulfilled(bountyId, bounty.fulfillments.length - 1, fulfillers, data, msg.sender);
    }

    /// @notice Pays the fulfillers of a submission.
    function acceptFulfillment(
        uint256 bountyId,
        uint256 fulfillmentId,
        uint256 approverId,
        uint256[] calldata tokenAmounts
    ) external {
        Bounty storage bounty = _bounties[bountyId];
        require(bounty.approvers[approverId] == msg.sender);
        address[] storage fulfillers = bounty.fulfillments[fulfillmentId].fulfillers;
        require(tokenAmounts.length == fulfillers.length);
        bounty.hasPaidOut = true;
        for (uint256 i = 0; i < fulfillers.length; i++) {
            bounty.balance -= tokenAmounts[i];
            IERC20(bounty.token).safeTransfer(fulfillers[i], tokenAmounts[i]);
        }
        emit FulfillmentAccepted(bountyId, fulfillmentId, msg.sender, tokenAmounts);
    }
}
