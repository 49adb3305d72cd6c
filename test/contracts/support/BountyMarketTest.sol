// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {AgentStaking} from "../../../contracts/AgentStaking.sol";
import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {MockUSDC} from "../../../contracts/mocks/MockUSDC.sol";
import {AgentWalletSigner} from "./AgentWalletSigner.sol";
import {Vm} from "./Vm.sol";

/// @title BountyMarketTest
/// @notice A market with one poster and one staked agent, whose owner and wallet are two accounts.
abstract contract BountyMarketTest is AgentWalletSigner {
    struct Balances {
        uint256 poster;
        uint256 wallet;
        uint256 treasury;
        uint256 market;
        uint256 staking;
        uint256 burned;
    }

    uint32 internal constant START = 1_750_000_000;
    uint32 internal constant DEADLINE = START + 30 days;
    uint256 internal constant FUNDS = 1_000_000e6;
    uint40 internal constant AGENT = 1;
    uint256 internal constant STAKE = 500e6;

    // The amounts that the rules derive from a reward of 100 USDC.
    uint56 internal constant REWARD = 100e6;
    uint256 internal constant FEE = 5e6;
    uint56 internal constant LOCK = 10e6;

    uint256 internal constant MAX_REWARD = 1e15;

    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;

    IBountyMarket.State internal constant NONE = IBountyMarket.State.NONE;
    IBountyMarket.State internal constant DRAFT = IBountyMarket.State.DRAFT;
    IBountyMarket.State internal constant OPEN = IBountyMarket.State.OPEN;
    IBountyMarket.State internal constant CLAIMED = IBountyMarket.State.CLAIMED;
    IBountyMarket.State internal constant IN_PROGRESS = IBountyMarket.State.IN_PROGRESS;
    IBountyMarket.State internal constant SUBMITTED = IBountyMarket.State.SUBMITTED;
    IBountyMarket.State internal constant APPROVED = IBountyMarket.State.APPROVED;
    IBountyMarket.State internal constant REVISION_REQUESTED = IBountyMarket.State.REVISION_REQUESTED;
    IBountyMarket.State internal constant REJECTED = IBountyMarket.State.REJECTED;

    string internal constant WORK = "ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG";
    string internal constant DELIVERABLE = "ipfs://QmT5NvUtoM5nWFfrQdVrFtvGfKFmG7AHE8P34isapyhCxX";
    string internal constant FEEDBACK = "ipfs://QmPZ9gcCEpqKTo6aq61g2nXGUhM4iCL3ewB6LDXZCtioEB";

    MockUSDC internal usdc;
    AgentRegistry internal registry;
    BountyMarket internal market;
    AgentStaking internal staking;
    address internal treasury = makeAddr("treasury");
    address internal admin = makeAddr("staking owner");
    address internal poster = makeAddr("poster");
    address internal stranger = makeAddr("stranger");
    address internal owner = makeAddr("agent owner");
    address internal evaluator = makeAddr("evaluator");
    address internal wallet;
    uint256 internal walletKey;

    /// @dev The terms of the bounties that a test posts. All zero, unless the test sets them.
    IBountyMarket.Terms internal terms;

    function setUp() public virtual {
        vm.warp(START);
        (wallet, walletKey) = makeAddrAndKey("agent wallet");
        usdc = new MockUSDC();
        registry = _deployRegistry();
        _deployMarket(new address[](0));

        _setWallet();
        usdc.mint(poster, FUNDS);
        usdc.mint(owner, FUNDS);
        _approveContracts();
        _stake(STAKE);
    }

    /// @dev A registry in which `owner` has AGENT. Virtual, so that the market can be tested with another one.
    function _deployRegistry() internal virtual returns (AgentRegistry deployed) {
        deployed = new AgentRegistry();
        deployed.registerFor(owner, "ipfs://agent");
    }

    function _deployMarket(address[] memory relayers) internal {
        market = new BountyMarket(address(usdc), address(registry), treasury, admin, MAX_REWARD, relayers);
        staking = AgentStaking(market.STAKING());
    }

    /// @dev The poster approves the market, the owner the staking contract, for any amount.
    function _approveContracts() internal {
        vm.prank(poster);
        usdc.approve(address(market), type(uint256).max);
        vm.prank(owner);
        usdc.approve(address(staking), type(uint256).max);
    }

    function _setWallet() internal {
        uint256 deadline = vm.getBlockTimestamp();
        bytes32 digest = agentWalletDigest(address(registry), AGENT, wallet, owner, deadline);
        vm.prank(owner);
        registry.setAgentWallet(AGENT, wallet, deadline, sign(walletKey, digest));
    }

    function _stake(uint256 amount) internal {
        vm.prank(owner);
        staking.stake(AGENT, amount);
    }

    /// @dev Gives `amount` to the account, which puts it at stake for its agent.
    function _stakeAs(address account, uint256 agentId, uint256 amount) internal {
        usdc.mint(account, amount);
        vm.startPrank(account);
        usdc.approve(address(staking), type(uint256).max);
        staking.stake(agentId, amount);
        vm.stopPrank();
    }

    function _ban() internal {
        vm.prank(admin);
        staking.ban(AGENT);
    }

    /// @dev Clears the agent's wallet too.
    function _sell(address buyer) internal {
        vm.prank(owner);
        registry.transferFrom(owner, buyer, AGENT);
    }

    function _unstake(uint256 amount) internal {
        vm.prank(owner);
        staking.unstake(AGENT, amount);
    }

    function _create() internal returns (uint256 bountyId) {
        vm.prank(poster);
        return market.createBounty(WORK, REWARD, DEADLINE, terms);
    }

    function _fund(uint256 bountyId) internal {
        vm.prank(poster);
        market.fundBounty(bountyId);
    }

    function _post() internal returns (uint256 bountyId) {
        return _post(REWARD);
    }

    function _post(uint256 reward) internal returns (uint256 bountyId) {
        vm.prank(poster);
        return market.postBounty(WORK, reward, DEADLINE, terms);
    }

    /// @dev Who reviews the bounties that the test posts.
    function _reviewer() internal view returns (address) {
        return terms.evaluator == address(0) ? poster : terms.evaluator;
    }

    function _claim(uint256 bountyId) internal {
        vm.prank(wallet);
        market.claimBounty(bountyId, AGENT);
    }

    function _start(uint256 bountyId) internal {
        vm.prank(wallet);
        market.startWork(bountyId);
    }

    function _submit(uint256 bountyId) internal {
        vm.prank(wallet);
        market.submitWork(bountyId, DELIVERABLE);
    }

    function _requestRevision(uint256 bountyId) internal {
        vm.prank(_reviewer());
        market.requestRevision(bountyId, FEEDBACK);
    }

    function _approve(uint256 bountyId) internal {
        uint8 revision = _lastRevision(bountyId);
        vm.prank(poster);
        market.approveWork(bountyId, revision);
    }

    /// @dev The revision of the last delivery.
    function _lastRevision(uint256 bountyId) internal view returns (uint8) {
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        return bounty.state == REVISION_REQUESTED ? bounty.revisions - 1 : bounty.revisions;
    }

    function _reject(uint256 bountyId) internal {
        vm.prank(_reviewer());
        market.rejectWork(bountyId);
    }

    function _slashExpired(uint256 bountyId) internal {
        vm.prank(poster);
        market.slashExpired(bountyId);
    }

    function _rejectOverdue(uint256 bountyId) internal {
        vm.prank(poster);
        market.rejectOverdue(bountyId);
    }

    function _close(uint256 bountyId) internal {
        vm.prank(poster);
        market.closeBounty(bountyId);
    }

    function _abandon(uint256 bountyId) internal {
        vm.prank(wallet);
        market.abandonClaim(bountyId);
    }

    function _postClaimed() internal returns (uint256 bountyId) {
        bountyId = _post();
        _claim(bountyId);
    }

    function _postSubmitted() internal returns (uint256 bountyId) {
        bountyId = _postClaimed();
        _submit(bountyId);
    }

    /// @dev Submitted after the last revision, so that it may be rejected.
    function _postRejectable() internal returns (uint256 bountyId) {
        bountyId = _postSubmitted();
        _revise(bountyId);
    }

    /// @dev Requests every revision of a submitted bounty, which the wallet answers.
    function _revise(uint256 bountyId) internal {
        for (uint256 i = 0; i < 3; ++i) {
            _requestRevision(bountyId);
            _submit(bountyId);
        }
    }

    /// @dev A new bounty in `state`, without moving the clock. For NONE, an id that does not exist.
    function _bountyIn(IBountyMarket.State state) internal returns (uint256 bountyId) {
        if (state == NONE) return market.bountyCount() + 1;
        if (state == DRAFT) return _create();
        bountyId = _post();
        if (state != OPEN) _claimUntil(bountyId, state);
    }

    /// @dev Claims an open bounty, and brings it to `state`.
    function _claimUntil(uint256 bountyId, IBountyMarket.State state) internal {
        _claim(bountyId);
        if (state == CLAIMED) return;
        if (state == IN_PROGRESS) return _start(bountyId);
        _submit(bountyId);
        if (state == APPROVED) _approve(bountyId);
        if (state == REVISION_REQUESTED) _requestRevision(bountyId);
        if (state == REJECTED) {
            _revise(bountyId);
            _reject(bountyId);
        }
    }

    /// @dev The bounty that a test has just brought to `state`: one poster, one reward, one deadline, no claim yet.
    function _unclaimed(IBountyMarket.State state) internal view returns (IBountyMarket.Bounty memory bounty) {
        bounty.poster = poster;
        bounty.reward = REWARD;
        bounty.stake = LOCK;
        bounty.workPeriod = 7 days;
        bounty.evaluator = terms.evaluator;
        bounty.claimant = terms.claimant;
        bounty.namings = terms.claimant == address(0) ? 0 : 1;
        bounty.deadline = DEADLINE;
        bounty.state = state;
    }

    /// @dev The same after its first claim.
    function _claimed(IBountyMarket.State state, uint40 since)
        internal
        view
        returns (IBountyMarket.Bounty memory bounty)
    {
        bounty = _unclaimed(state);
        bounty.wallet = wallet;
        bounty.since = since;
        bounty.agentId = AGENT;
        bounty.round = 1;
    }

    function _assertBounty(uint256 bountyId, IBountyMarket.Bounty memory expected) internal view {
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        assertEq(bounty.poster, expected.poster, "poster");
        assertEq(bounty.reward, expected.reward, "reward");
        assertEq(bounty.stake, expected.stake, "stake");
        assertEq(bounty.workPeriod, expected.workPeriod, "workPeriod");
        assertEq(bounty.evaluator, expected.evaluator, "evaluator");
        assertEq(bounty.wallet, expected.wallet, "wallet");
        assertEq(bounty.deadline, expected.deadline, "deadline");
        assertEq(bounty.since, expected.since, "since");
        assertEq(uint256(bounty.state), uint256(expected.state), "state");
        assertEq(bounty.revisions, expected.revisions, "revisions");
        assertEq(bounty.agentId, expected.agentId, "agentId");
        assertEq(bounty.round, expected.round, "round");
        assertEq(bounty.closing, expected.closing, "closing");
        assertEq(bounty.claimant, expected.claimant, "claimant");
        assertEq(bounty.namings, expected.namings, "namings");
    }

    /// @dev The bounty after `round` claims, of which none is live.
    function _assertUnclaimed(uint256 bountyId, IBountyMarket.State state, uint32 round) internal view {
        IBountyMarket.Bounty memory expected = _unclaimed(state);
        expected.round = round;
        _assertBounty(bountyId, expected);
    }

    function _assertState(uint256 bountyId, IBountyMarket.State expected) internal view {
        assertEq(uint256(market.getBounty(bountyId).state), uint256(expected), "state");
    }

    /// @dev What the market owes the treasury counts as the treasury's.
    function _balances() internal view returns (Balances memory) {
        return Balances({
            poster: usdc.balanceOf(poster),
            wallet: usdc.balanceOf(wallet),
            treasury: usdc.balanceOf(treasury) + market.owed(treasury),
            market: usdc.balanceOf(address(market)) - market.owed(treasury),
            staking: usdc.balanceOf(address(staking)),
            burned: usdc.balanceOf(BURN)
        });
    }

    function _assertBalances(Balances memory expected) internal view {
        Balances memory balances = _balances();
        assertEq(balances.poster, expected.poster, "poster's USDC");
        assertEq(balances.wallet, expected.wallet, "wallet's USDC");
        assertEq(balances.treasury, expected.treasury, "treasury's USDC");
        assertEq(balances.market, expected.market, "market's USDC");
        assertEq(balances.staking, expected.staking, "staking's USDC");
        assertEq(balances.burned, expected.burned, "burned USDC");
    }

    /// @dev The escrow of one bounty is the market's. Of the agent's stake, only `burned` is lost.
    function _assertEscrowed(uint256 burned) internal view {
        _assertBalances(Balances(FUNDS - 105e6, 0, 0, 105e6, STAKE - burned, burned));
    }

    /// @dev The poster has all its USDC again. Of the agent's stake, only `burned` is lost.
    function _assertRefunded(uint256 burned) internal view {
        _assertBalances(Balances(FUNDS, 0, 0, 0, STAKE - burned, burned));
    }

    /// @dev One bounty was approved: the wallet has the reward, and the treasury the fee.
    function _assertPaid() internal view {
        _assertBalances(Balances(FUNDS - 105e6, REWARD, FEE, 0, STAKE, 0));
    }

    /// @dev One bounty was rejected: no party has the fee or the stake.
    function _assertFeeAndStakeBurned() internal view {
        _assertBalances(Balances(FUNDS - FEE, 0, 0, 0, STAKE - LOCK, FEE + LOCK));
    }

    function _assertSlashes(uint256 expected, bool isFrozen) internal view {
        (,,,, uint256 slashes, bool frozen,) = staking.accountOf(AGENT);
        assertEq(slashes, expected, "slashes");
        assertEq(frozen, isFrozen, "frozen");
    }

    function _assertStatus(IAgentStaking.Status expected) internal view {
        assertEq(uint256(staking.statusOf(AGENT)), uint256(expected), "status");
    }

    function _assertStake(uint256 expectedStaked, uint256 expectedLocked) internal view {
        (uint256 staked, uint256 locked,,,,,) = staking.accountOf(AGENT);
        assertEq(staked, expectedStaked, "staked");
        assertEq(locked, expectedLocked, "locked");
    }

    /// @dev Expects the next event to be the market's, as emitted right after this call.
    function _expectEvent() internal {
        vm.expectEmit(address(market));
    }

    function _expectTransfer(address from, address to, uint256 amount) internal {
        vm.expectEmit(address(usdc));
        emit IERC20.Transfer(from, to, amount);
    }

    /// @dev How many events the market emitted since `vm.recordLogs()`.
    function _countMarketEvents() internal returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(market)) ++count;
        }
    }
}
