// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {AgentStaking} from "../../../../contracts/AgentStaking.sol";
import {BountyMarket} from "../../../../contracts/BountyMarket.sol";
import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";

/// @notice Accepts every signature until it is switched.
contract FickleWallet is IERC1271 {
    bool public signs = true;

    function changeMind() external {
        signs = false;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return signs ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @notice Returns, or reverts with, `SIZE` bytes that begin with a chosen word.
contract BombWallet {
    bytes32 private immutable FIRST_WORD;
    uint256 private immutable SIZE;
    bool private immutable REVERTS;

    constructor(bytes32 firstWord, uint256 size, bool reverts) {
        (FIRST_WORD, SIZE, REVERTS) = (firstWord, size, reverts);
    }

    fallback() external {
        (bytes32 firstWord, uint256 size, bool reverts) = (FIRST_WORD, SIZE, REVERTS);
        assembly {
            mstore(0, firstWord)
            if reverts { revert(0, size) }
            return(0, size)
        }
    }
}

/// @notice Signs if it gets at least `gasNeeded`, so that a test can measure its gas.
contract GaugingWallet is IERC1271 {
    uint256 public immutable GAS_NEEDED;

    constructor(uint256 gasNeeded) {
        GAS_NEEDED = gasNeeded;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return gasleft() >= GAS_NEEDED ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @notice Makes a call of its own during the signature check, and signs only if that call failed.
contract ReenteringWallet {
    address private _target;
    bytes private _attack;

    function prepare(address target, bytes calldata attack) external {
        (_target, _attack) = (target, attack);
    }

    /// @dev The same call outside of a signature check.
    function attackNow() external {
        (bool success,) = _target.call(_attack);
        require(success, "attack failed");
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        // A write in a staticcall uses up the gas it was given: keep enough to answer.
        (bool success,) = _target.call{gas: 300_000}(_attack);
        return success ? bytes4(0xffffffff) : IERC1271.isValidSignature.selector;
    }
}

/// @notice Signs only if the visible state is as before the claim: no write comes before the signature check.
contract WatchingWallet is IERC1271 {
    BountyMarket private immutable MARKET;
    uint256 private immutable BOUNTY;
    uint256 private immutable AGENT;

    constructor(BountyMarket market, uint256 bountyId, uint256 agentId) {
        (MARKET, BOUNTY, AGENT) = (market, bountyId, agentId);
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        IBountyMarket.Bounty memory bounty = MARKET.getBounty(BOUNTY);
        (, uint256 locked,,,,,) = AgentStaking(MARKET.STAKING()).accountOf(AGENT);
        bool untouched = bounty.state == IBountyMarket.State.OPEN && bounty.round == 0 && locked == 0;
        return untouched ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
