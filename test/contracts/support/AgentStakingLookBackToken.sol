// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";

/// @notice A token that reads the account of agent 1 in the middle of every transfer. USDC makes no calls; if it ever
/// did, the called contract would see the same.
contract AgentStakingLookBackToken is ERC20 {
    IAgentStaking private _staking;
    bytes public seen;

    constructor() ERC20("Look Back", "LOOK") {}

    function watch(IAgentStaking staking) external {
        _staking = staking;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (address(_staking) == address(0)) return;
        (bool success, bytes memory account) =
            address(_staking).staticcall(abi.encodeCall(IAgentStaking.accountOf, (1)));
        require(success, "the account could not be read");
        seen = account;
    }
}
