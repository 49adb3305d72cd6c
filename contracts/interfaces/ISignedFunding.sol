// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "./IBountyMarket.sol";

/// @title ISignedFunding
/// @notice Posts bounties and stakes for agents with USDC that a signature moves (EIP-3009), so that who pays needs no
/// ether. No owner, no state, and it holds nothing between calls. All amounts are USDC base units (6 decimals).
/// @dev The payer signs USDC's `ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256
/// validBefore,bytes32 nonce)` with this contract as `to`. The nonce is the hash of what the money is for, so one signature
/// authorises money and terms, and USDC accepts each nonce once. Every call reverts as USDC, the market or the staking
/// contract does. ERC-1271 wallets can sign, as in Circle's token from version 2.2 on.
interface ISignedFunding {
    /// @notice The market to which this contract posts.
    function MARKET() external view returns (address);

    /// @notice The market's staking contract.
    function STAKING() external view returns (address);

    /// @notice The market's token.
    function USDC() external view returns (address);

    /// @notice `IBountyMarket.postBountyFor` with the reward and the fee from `poster`. Anyone.
    /// @param validAfter The signature holds after this second.
    /// @param validBefore The signature holds before this second.
    /// @param salt Any value: lets a poster post the same terms twice.
    /// @param signature Over `ReceiveWithAuthorization` with the reward + fee as `value` and the nonce
    /// `keccak256(abi.encode(keccak256("postBounty"), poster, ipfsHash, reward, deadline, terms, validAfter, validBefore,
    /// salt))`.
    /// @return bountyId The new bounty's id.
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
    ) external returns (uint256 bountyId);

    /// @notice `IAgentStaking.stakeFor` with `amount` from `from`. Anyone.
    /// @param owner The agent's owner; the call reverts if it is another.
    /// @param validAfter The signature holds after this second.
    /// @param validBefore The signature holds before this second.
    /// @param salt Any value: lets an account stake the same amount twice.
    /// @param signature Over `ReceiveWithAuthorization` with `amount` as `value` and the nonce
    /// `keccak256(abi.encode(keccak256("stake"), from, agentId, owner, amount, validAfter, validBefore, salt))`.
    function stake(
        address from,
        uint256 agentId,
        address owner,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external;
}
