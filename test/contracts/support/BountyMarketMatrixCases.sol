// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {Matrix} from "./Matrix.sol";
import {RelayedMarketTest} from "./RelayedMarketTest.sol";

/// @title BountyMarketMatrixCases
/// @notice Every caller of the market's matrix, and a bounty in each of its columns.
abstract contract BountyMarketMatrixCases is Matrix, RelayedMarketTest {
    /// @dev SUBMITTED after the last revision: a separate column after those of the states.
    uint256 internal constant LAST_SUBMITTED = uint256(type(IBountyMarket.State).max) + 1;
    uint256 internal constant COLUMNS = LAST_SUBMITTED + 1;
    uint256 internal constant OTHER_AGENT = 2;
    uint256 private constant NO_BOUNTY = 1000;
    /// @dev The work period, the time for a review, and the grace period after each.
    uint256 internal constant WAIT = 7 days;
    uint256 internal constant GRACE = 7 days;

    uint256 internal immutable POSTER;
    uint256 internal immutable WALLET;
    uint256 internal immutable RELAYER;
    uint256 internal immutable EVALUATOR;
    uint256 internal constant NO_CALLER = 0;

    address private otherWallet = makeAddr("other agent's wallet");

    constructor() {
        (wallet, walletKey) = makeAddrAndKey("agent wallet");
        POSTER = _caller(poster, "poster");
        WALLET = _caller(wallet, "claiming wallet");
        RELAYER = _caller(relayer, "relayer");
        EVALUATOR = _caller(evaluator, "evaluator");
        _caller(owner, "agent owner");
        _caller(otherWallet, "other agent's wallet");
        _caller(stranger, "stranger");
        _caller(treasury, "treasury");
        _caller(admin, "staking owner");
        // A party is an account, whatever its address is lower or higher than.
        _caller(address(0x1000), "a low address");
        _caller(address(type(uint160).max), "the highest address");
    }

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < _callers.length; ++i) {
            usdc.mint(_callers[i], FUNDS);
            vm.startPrank(_callers[i]);
            usdc.approve(address(market), type(uint256).max);
            usdc.approve(address(staking), type(uint256).max);
            vm.stopPrank();
        }
        registry.registerFor(otherWallet, "ipfs://other");
        vm.prank(otherWallet);
        staking.stake(OTHER_AGENT, STAKE);
        _oweTreasury();
    }

    /// @dev Creates a debt, so that there is something to collect.
    function _oweTreasury() private {
        uint256 bountyId = _postSubmitted();
        usdc.blacklist(treasury);
        _approve(bountyId);
        usdc.unBlacklist(treasury);
    }

    /// @dev A bounty without an earlier claim.
    function _freshIn(uint256 column) internal returns (uint256 bountyId) {
        if (column == 0) return NO_BOUNTY;
        if (column == LAST_SUBMITTED) return _postRejectable();
        return _bountyIn(IBountyMarket.State(column));
    }

    /// @dev A bounty whose first claim was slashed, so that the second must not contain anything of it.
    function _reopenedIn(uint256 column) internal returns (uint256 bountyId) {
        if (column == 0) return NO_BOUNTY;
        bountyId = _postClaimed();
        _start(bountyId);
        skip(WAIT + 1);
        _slashExpired(bountyId);
        _stake(1);
        if (column == uint256(DRAFT)) _close(bountyId);
        else if (column == LAST_SUBMITTED) _claimUntil(bountyId, SUBMITTED);
        else if (column != uint256(OPEN)) _claimUntil(bountyId, IBountyMarket.State(column));
        if (column == LAST_SUBMITTED) _revise(bountyId);
    }

    /// @dev Moves to the last second of the bounty's current limit, and `secondsLate` further.
    function _warpToLimit(uint256 bountyId, uint256 secondsLate) internal {
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        uint256 limit = bounty.since == 0 ? DEADLINE : bounty.since + WAIT;
        vm.warp(limit + secondsLate);
    }

    function _nameOf(uint256 column) internal pure returns (string memory) {
        string[10] memory names = [
            "NONE",
            "DRAFT",
            "OPEN",
            "CLAIMED",
            "IN_PROGRESS",
            "SUBMITTED",
            "APPROVED",
            "REVISION_REQUESTED",
            "REJECTED",
            "SUBMITTED after the last revision"
        ];
        return names[column];
    }
}
