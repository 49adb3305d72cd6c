// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bounties} from "./Bounties.sol";
import {Claiming} from "./Claiming.sol";
import {Escrow} from "./Escrow.sol";
import {Posting} from "./Posting.sol";
import {Reviewing} from "./Reviewing.sol";
import {Working} from "./Working.sol";

/// @title BountyMarket
/// @notice Escrows USDC for runs and moves each through its life.
/// @dev Every function checks, writes, emits, and only then calls other contracts. It needs no reentrancy guard: USDC
/// and AgentStaking call no other contract, and registry and ERC-1271 wallets are called by staticcall before any
/// write.
contract BountyMarket is Posting, Claiming, Working, Reviewing {
    /// @param maxReward The largest reward that a bounty may have, at most a billion USDC.
    /// @param relayers Who may claim without the wallet's signature: empty unless on a devnet.
    constructor(
        address usdc,
        address registry,
        address treasury,
        address stakingOwner,
        uint256 maxReward,
        address[] memory relayers
    ) Bounties(maxReward) Escrow(usdc, registry, treasury, stakingOwner) Claiming(registry, relayers) {}
}
