// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Receives forfeits, so that no party gains from another's failure. Not the zero address, which USDC refuses.
address constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

/// @dev 20 USDC: the least stake of an agent that claims, and up to which a claim locks a tenth of the reward by default.
/// Market and staking contract must agree on it, so that the least stake covers a run of 400 USDC with default terms.
uint256 constant MIN_AGENT_STAKE = 20e6;
