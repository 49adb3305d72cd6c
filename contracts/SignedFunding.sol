// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IAgentStaking} from "./interfaces/IAgentStaking.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";
import {IReceiveWithAuthorization} from "./interfaces/IReceiveWithAuthorization.sol";
import {ISignedFunding} from "./interfaces/ISignedFunding.sol";

/// @title SignedFunding
/// @notice Posts bounties and stakes for agents with USDC that a signature moves.
/// @dev A payment that USDC makes to this contract outside its functions stays here: each call passes on exactly what it
/// received.
contract SignedFunding is ISignedFunding {
    using SafeERC20 for IERC20;

    bytes32 private constant POST_BOUNTY = keccak256("postBounty");
    bytes32 private constant STAKE = keccak256("stake");
    uint256 private constant BPS = 10_000;

    /// @inheritdoc ISignedFunding
    address public immutable MARKET;
    /// @inheritdoc ISignedFunding
    address public immutable STAKING;
    /// @inheritdoc ISignedFunding
    address public immutable USDC;

    uint256 private immutable FEE_BPS;

    /// @dev Market and staking contract may take everything that is here, without a limit: between calls that is nothing.
    constructor(address market) {
        MARKET = market;
        STAKING = IBountyMarket(market).STAKING();
        USDC = IBountyMarket(market).USDC();
        FEE_BPS = IBountyMarket(market).FEE_BPS();
        IERC20(USDC).forceApprove(MARKET, type(uint256).max);
        IERC20(USDC).forceApprove(STAKING, type(uint256).max);
    }

    /// @inheritdoc ISignedFunding
    function postBounty(
        address poster,
        string calldata ipfsHash,
        uint256 reward,
        uint64 deadline,
        IBountyMarket.Terms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external returns (uint256 bountyId) {
        bytes32 nonce = _postNonce(poster, ipfsHash, reward, deadline, terms, validAfter, validBefore, salt);
        _receive(poster, reward + reward * FEE_BPS / BPS, validAfter, validBefore, nonce, signature);
        return IBountyMarket(MARKET).postBountyFor(poster, ipfsHash, reward, deadline, terms);
    }

    /// @inheritdoc ISignedFunding
    function stake(
        address from,
        uint256 agentId,
        address owner,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external {
        bytes32 nonce = keccak256(abi.encode(STAKE, from, agentId, owner, amount, validAfter, validBefore, salt));
        _receive(from, amount, validAfter, validBefore, nonce, signature);
        IAgentStaking(STAKING).stakeFor(agentId, owner, amount);
    }

    function _receive(
        address from,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) private {
        IReceiveWithAuthorization(USDC)
            .receiveWithAuthorization(from, address(this), amount, validAfter, validBefore, nonce, signature);
    }

    function _postNonce(
        address poster,
        string calldata ipfsHash,
        uint256 reward,
        uint64 deadline,
        IBountyMarket.Terms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt
    ) private pure returns (bytes32) {
        return keccak256(
            abi.encode(POST_BOUNTY, poster, ipfsHash, reward, deadline, terms, validAfter, validBefore, salt)
        );
    }
}
