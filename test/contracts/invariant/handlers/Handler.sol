// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentWallets} from "../../../../contracts/AgentWallets.sol";
import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Dice} from "../Dice.sol";
import {World} from "../World.sol";

/// @title Handler
/// @notice How actions choose: a call that the caller may make, and one time in sixteen a call that it may not.
abstract contract Handler is World {
    /// @dev An action for which no bounty fits does nothing.
    uint256 internal constant NONE_FITS = type(uint256).max;

    string internal constant TEXT = "ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG";

    /// @dev A bounty as `wanted`; rarely any, or one that does not exist.
    /// @return bountyId NONE_FITS if there is no such bounty.
    function _bountyIn(Dice memory dice, function(IBountyMarket.Bounty memory) view returns (bool) wanted)
        internal
        view
        returns (uint256 bountyId)
    {
        uint256 count = market.bountyCount();
        if (dice.rarely()) return dice.roll(count + 2);
        uint256 start = dice.roll(count + 1);
        for (uint256 i = 0; i < count; ++i) {
            bountyId = (start + i) % count + 1;
            if (wanted(market.getBounty(bountyId))) return bountyId;
        }
        return NONE_FITS;
    }

    function _awaitsWork(IBountyMarket.Bounty memory bounty) internal pure returns (bool) {
        return bounty.state == IBountyMarket.State.CLAIMED || bounty.state == IBountyMarket.State.IN_PROGRESS
            || bounty.state == IBountyMarket.State.REVISION_REQUESTED;
    }

    function _isSubmitted(IBountyMarket.Bounty memory bounty) internal pure returns (bool) {
        return bounty.state == IBountyMarket.State.SUBMITTED;
    }

    function _isOpen(IBountyMarket.Bounty memory bounty) internal view returns (bool) {
        return bounty.state == IBountyMarket.State.OPEN && block.timestamp <= bounty.deadline;
    }

    /// @dev `right`, or rarely any account.
    function _caller(Dice memory dice, address right) internal view returns (address) {
        return dice.rarely() || right == address(0) ? _anyone(dice) : right;
    }

    /// @dev By the key of `signer`, rarely by the stranger's.
    function _signedBy(Dice memory dice, address signer, bytes32 digest) internal view returns (bytes memory) {
        uint256 key = keyOf[signer];
        return sign(key == 0 || dice.rarely() ? keyOf[stranger] : key, digest);
    }

    function _anyone(Dice memory dice) internal view returns (address) {
        return people[dice.roll(people.length)];
    }

    /// @dev A registered agent, or rarely one that only a lying registry has.
    function _agent(Dice memory dice) internal view returns (uint256) {
        return agents[dice.roll(dice.rarely() ? agents.length : OWNERS)];
    }

    /// @dev Called with bounded gas, which the registry may burn.
    function _ownerOf(uint256 agentId) internal view returns (address) {
        return this.askOwner{gas: TX_GAS}(agentId);
    }

    function _walletOf(uint256 agentId) internal view returns (address) {
        return this.askWallet{gas: TX_GAS}(agentId);
    }

    function askOwner(uint256 agentId) external view returns (address) {
        return AgentWallets.ownerOf(address(registry), agentId);
    }

    function askWallet(uint256 agentId) external view returns (address) {
        return AgentWallets.walletOf(address(registry), agentId);
    }

    /// @dev A hash of a usual length, or rarely of a length at the limits and beyond them.
    function _text(Dice memory dice) internal pure returns (string memory) {
        if (!dice.rarely()) return TEXT;
        uint8[4] memory lengths = [0, 1, 128, 129];
        return string(new bytes(lengths[dice.roll(4)]));
    }
}
