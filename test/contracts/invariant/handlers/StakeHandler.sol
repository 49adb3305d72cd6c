// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Dice} from "../Dice.sol";
import {AuthorizationSigner} from "../../support/AuthorizationSigner.sol";
import {UnstakeSigner} from "../../support/UnstakeSigner.sol";
import {Handler} from "./Handler.sol";

/// @notice The calls of agents about their stake.
abstract contract StakeHandler is Handler, AuthorizationSigner, UnstakeSigner {
    /// @dev Frozen agents first, so that they are unfrozen.
    function stake(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 agentId = _agent(dice);
        for (uint256 i = 0; i < OWNERS && !_isFrozen(agentId) && dice.roll(2) == 0; ++i) {
            agentId = agents[i];
        }
        _actAsAgent(dice, agentId, abi.encodeCall(staking.stake, (agentId, _stakeAmount(dice))));
    }

    function unstake(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 agentId = _agent(dice);
        _actAsAgent(dice, agentId, abi.encodeCall(staking.unstake, (agentId, _unstakeAmount(dice, agentId))));
    }

    /// @dev Rarely with another owner than the agent's.
    function stakeFor(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 agentId = _agent(dice);
        address owner = _caller(dice, _ownerOf(agentId));
        bytes memory data = abi.encodeCall(staking.stakeFor, (agentId, owner, _stakeAmount(dice)));
        _act(_anyone(dice), address(staking), data);
    }

    function stakeSigned(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 agentId = _agent(dice);
        address owner = _caller(dice, _ownerOf(agentId));
        address from = _anyone(dice);
        uint256 amount = _stakeAmount(dice);
        uint256 validBefore = block.timestamp + 1;
        bytes32 salt = bytes32(dice.seed);
        bytes32 nonce = keccak256(abi.encode(keccak256("stake"), from, agentId, owner, amount, 0, validBefore, salt));
        Authorization memory authorization = Authorization(from, address(funding), amount, 0, validBefore, nonce);
        bytes memory signature = _signedBy(dice, from, authorizationDigest(usdc, authorization));
        bytes memory data =
            abi.encodeCall(funding.stake, (from, agentId, owner, amount, 0, validBefore, salt, signature));
        _act(_anyone(dice), address(funding), data);
    }

    /// @dev Rarely too long, expired or with another nonce.
    function unstakeSigned(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 agentId = _agent(dice);
        address signer = _caller(dice, dice.roll(2) == 0 ? _walletOf(agentId) : _ownerOf(agentId));
        uint256 deadline = block.timestamp + dice.roll(1 hours + 1);
        uint256 fault = dice.roll(16);
        if (fault == 0) deadline = block.timestamp - 1;
        if (fault == 1) deadline = block.timestamp + 1 hours + 1;
        uint256 nonce = staking.nonceOf(agentId) + (fault == 2 ? 1 : 0);
        UnstakeMessage memory message = UnstakeMessage(agentId, signer, _unstakeAmount(dice, agentId), nonce, deadline);
        bytes memory signature = _signedBy(dice, signer, unstakeDigest(address(staking), message));
        bytes memory data =
            abi.encodeCall(staking.unstakeWithSig, (agentId, message.amount, signer, nonce, deadline, signature));
        _act(_anyone(dice), address(staking), data);
    }

    function _actAsAgent(Dice memory dice, uint256 agentId, bytes memory data) private {
        address right = dice.roll(2) == 0 ? _walletOf(agentId) : _ownerOf(agentId);
        _act(_caller(dice, right), address(staking), data);
    }

    function _stakeAmount(Dice memory dice) private view returns (uint256) {
        uint256 side = dice.roll(16);
        if (side == 0) return 0;
        if (side == 1) return 1;
        if (side == 2) return staking.MIN_STAKE() - 1;
        if (side == 3) return type(uint56).max;
        if (side == 4) return type(uint256).max;
        if (side < 8) return dice.between(1, staking.MIN_STAKE());
        return dice.between(staking.MIN_STAKE(), 2 * staking.MIN_STAKE());
    }

    /// @dev Around the amounts that `unstake` compares: the balance, the locked stake, MIN_STAKE.
    function _unstakeAmount(Dice memory dice, uint256 agentId) private view returns (uint256) {
        (uint256 staked, uint256 locked,,,,,) = staking.accountOf(agentId);
        uint256 least = staking.MIN_STAKE();
        uint256 side = dice.roll(8);
        if (side == 0) return staked;
        if (side == 1) return staked + 1;
        if (side == 2) return staked - locked;
        if (side == 3) return staked - locked + 1;
        if (side == 4) return staked > least ? staked - least : 1;
        if (side == 5) return staked > least ? staked - least + 1 : 0;
        return dice.between(1, 10e6);
    }

    function _isFrozen(uint256 agentId) private view returns (bool frozen) {
        (,,,,, frozen,) = staking.accountOf(agentId);
    }
}
