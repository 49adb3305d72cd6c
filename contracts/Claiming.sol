// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentStaking} from "./AgentStaking.sol";
import {AgentWallets} from "./AgentWallets.sol";
import {Escrow} from "./Escrow.sol";
import {RunSignatures} from "./RunSignatures.sol";
import {IBountyMarket} from "./interfaces/IBountyMarket.sol";

/// @title Claiming
/// @notice How an agent claims a bounty: by its wallet, by its wallet's signature, in a batch, or by a devnet's relayer.
abstract contract Claiming is Escrow, RunSignatures {
    uint256 private constant DEVNET_CHAIN_ID = 31_337;

    /// @dev The gas that one item of a batch may use. A claim takes less than 100k with everything cold; the rest is
    /// for an ERC-1271 wallet to check its signature.
    uint256 private constant ITEM_GAS = 250_000;
    /// @dev The gas that must be left to try an item. The surplus lets the item have all of ITEM_GAS, because a call
    /// passes on at most 63/64 of the gas left, and pays for copying the item and for its ClaimRefused.
    uint256 private constant ITEM_GAS_NEEDED = ITEM_GAS + 20_000;
    /// @dev The gas for returning one result, reserved for each.
    uint256 private constant RESULT_GAS = 200;

    /// @inheritdoc IBountyMarket
    address public immutable REGISTRY;

    /// @inheritdoc IBountyMarket
    mapping(address account => bool) public isRelayer;

    constructor(address registry, address[] memory relayers) {
        require(
            relayers.length == 0 || block.chainid == DEVNET_CHAIN_ID, RelayersNotAllowed(block.chainid, DEVNET_CHAIN_ID)
        );
        REGISTRY = registry;
        for (uint256 i = 0; i < relayers.length; ++i) {
            require(relayers[i] != address(0), ZeroAddress());
            isRelayer[relayers[i]] = true;
        }
    }

    /// @inheritdoc IBountyMarket
    function claimBounty(uint256 bountyId, uint256 agentId) external {
        _claim(_claimable(bountyId), bountyId, agentId, msg.sender);
    }

    /// @inheritdoc IBountyMarket
    function claimBountyWithSig(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _claimSigned(bountyId, agentId, wallet, deadline, signature);
    }

    /// @inheritdoc IBountyMarket
    function claimBountyFor(uint256 bountyId, uint256 agentId, address wallet) external {
        _claimUnsigned(bountyId, agentId, wallet, msg.sender);
    }

    /// @inheritdoc IBountyMarket
    function claimBatch(Claim[] calldata claims) external returns (ItemResult[] memory results) {
        results = new ItemResult[](claims.length);
        uint256 gasNeeded = ITEM_GAS_NEEDED + claims.length * RESULT_GAS;
        for (uint256 i = 0; i < claims.length && gasleft() >= gasNeeded; ++i) {
            Claim calldata item = claims[i];
            bytes calldata signature = item.signature;
            // Cut to one byte too many, it is still refused, at a bounded cost.
            if (signature.length > MAX_SIGNATURE_LENGTH) signature = signature[:MAX_SIGNATURE_LENGTH + 1];

            // The reason is short: only errors of this market and AgentStaking, because a claim returns no other
            // contract's.
            try this.claimInBatch{gas: ITEM_GAS}(
                item.bountyId, item.agentId, item.wallet, item.deadline, signature, msg.sender
            ) {
                results[i] = ItemResult.MADE;
            } catch (bytes memory reason) {
                results[i] = ItemResult.REFUSED;
                emit ClaimRefused(item.bountyId, item.agentId, item.wallet, reason);
            }
        }
    }

    /// @inheritdoc IBountyMarket
    function claimInBatch(
        uint256 bountyId,
        uint256 agentId,
        address wallet,
        uint256 deadline,
        bytes calldata signature,
        address caller
    ) external {
        require(msg.sender == address(this), NotSelf(msg.sender));

        if (signature.length == 0) _claimUnsigned(bountyId, agentId, wallet, caller);
        else _claimSigned(bountyId, agentId, wallet, deadline, signature);
    }

    /// @inheritdoc IBountyMarket
    function checkClaim(uint256 bountyId, uint256 agentId, address wallet) external view {
        StoredBounty storage bounty = _claimable(bountyId);
        (, uint256 stake,,, bool isReserved) = _offerOf(bountyId, bounty);
        if (isReserved) _requireClaimant(bountyId, bounty, wallet);
        _requireAgentWallet(agentId, wallet);
        AgentStaking(STAKING).checkLock(agentId, stake);
    }

    function _claimUnsigned(uint256 bountyId, uint256 agentId, address wallet, address caller) private {
        require(isRelayer[caller], NotRelayer(caller));
        _claim(_claimable(bountyId), bountyId, agentId, wallet);
    }

    function _claimSigned(uint256 bountyId, uint256 agentId, address wallet, uint256 deadline, bytes calldata signature)
        private
    {
        StoredBounty storage bounty = _claimable(bountyId);
        ClaimMessage memory message;
        message.bountyId = bountyId;
        message.agentId = agentId;
        message.wallet = wallet;
        (message.reward, message.stake, message.workPeriod, message.round,) = _offerOf(bountyId, bounty);
        message.evaluator = _namedEvaluatorOf(bountyId, bounty);
        message.deadline = deadline;
        _requireClaimSignature(message, signature);
        _claim(bounty, bountyId, agentId, wallet);
    }

    function _claim(StoredBounty storage bounty, uint256 bountyId, uint256 agentId, address wallet) private {
        (, uint256 stake, uint256 workPeriod, uint256 round, bool isReserved) = _offerOf(bountyId, bounty);
        if (isReserved) _requireClaimant(bountyId, bounty, wallet);
        _requireAgentWallet(agentId, wallet);

        // Casting is safe because `_requireAgentWallet` refuses a larger id.
        // forge-lint: disable-next-line(unsafe-typecast)
        _writeSecondSlot(bounty, wallet, uint40(agentId), round);
        emit BountyClaimed(bountyId, agentId, wallet, stake, round, _secondsAhead(workPeriod));

        AgentStaking(STAKING).lock(agentId, bountyId, stake);
    }

    function _requireAgentWallet(uint256 agentId, address wallet) private view {
        // No registry counts this far, so no agent has an id that does not fit the bounty.
        require(agentId <= type(uint40).max, AgentNotFound(agentId));
        address expected = AgentWallets.walletOf(REGISTRY, agentId);
        require(expected != address(0), AgentNotFound(agentId));
        require(wallet == expected, NotAgentWallet(agentId, wallet, expected));
    }
}
