// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {AgentStaking} from "../../../contracts/AgentStaking.sol";
import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {MockUSDC} from "../../../contracts/mocks/MockUSDC.sol";
import {AgentWalletSigner} from "./AgentWalletSigner.sol";
import {Vm} from "./Vm.sol";

/// @title AgentStakingTest
/// @notice A staking contract whose market is a plain account, and one agent whose owner and wallet are two accounts.
abstract contract AgentStakingTest is AgentWalletSigner {
    struct Account {
        uint256 staked;
        uint256 locked;
        uint64 stakedAt;
        uint256 completions;
        uint256 slashes;
        bool frozen;
        bool banned;
    }

    uint64 internal constant START = 1_700_000_000;
    uint256 internal constant MIN_STAKE = 20e6;
    uint256 internal constant BOUNTY = 7;
    uint256 internal constant AGENT = 1;
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;

    MockUSDC internal usdc;
    AgentRegistry internal registry;
    AgentStaking internal staking;
    address internal market = makeAddr("market");
    address internal admin = makeAddr("staking owner");
    address internal poster = makeAddr("poster");
    address internal stranger = makeAddr("stranger");
    address internal owner = makeAddr("agent owner");
    address internal wallet;

    function setUp() public virtual {
        vm.warp(START);
        usdc = new MockUSDC();
        registry = new AgentRegistry();
        vm.startPrank(market);
        staking = new AgentStaking(address(usdc), address(registry), admin);
        vm.stopPrank();

        vm.prank(owner);
        registry.register("ipfs://agent");
        wallet = _giveWallet("agent wallet");
        _fund(owner);
        _fund(wallet);
    }

    /// @dev A million USDC, approved.
    function _fund(address account) internal {
        usdc.mint(account, 1e12);
        vm.prank(account);
        usdc.approve(address(staking), type(uint256).max);
    }

    function _giveWallet(string memory name) internal returns (address account) {
        uint256 privateKey;
        (account, privateKey) = makeAddrAndKey(name);
        address agentOwner = registry.ownerOf(AGENT);
        uint256 deadline = vm.getBlockTimestamp();
        bytes32 digest = agentWalletDigest(address(registry), AGENT, account, agentOwner, deadline);
        vm.prank(agentOwner);
        registry.setAgentWallet(AGENT, account, deadline, sign(privateKey, digest));
    }

    function _stake(uint256 amount) internal {
        vm.prank(owner);
        staking.stake(AGENT, amount);
    }

    function _unstake(uint256 amount) internal {
        vm.prank(owner);
        staking.unstake(AGENT, amount);
    }

    function _lock(uint256 amount) internal {
        vm.prank(market);
        staking.lock(AGENT, BOUNTY, amount);
    }

    function _release(uint256 amount) internal {
        vm.prank(market);
        staking.release(AGENT, BOUNTY, amount, 10 * amount);
    }

    function _forfeit(uint256 amount) internal {
        vm.prank(market);
        staking.forfeit(AGENT, BOUNTY, amount);
    }

    /// @dev For a claim that the agent made in this second.
    function _slash(uint256 amount) internal {
        _slash(amount, vm.getBlockTimestamp());
    }

    function _slash(uint256 amount, uint256 claimedAt) internal {
        vm.prank(market);
        staking.slash(AGENT, BOUNTY, amount, claimedAt);
    }

    /// @dev Claims and never delivers, `times` times. Leaves the agent frozen, and with at least MIN_STAKE again.
    function _lockAndSlash(uint256 times) internal {
        for (uint256 i = 0; i < times; ++i) {
            _lock(1e6);
            _slash(1e6);
            if (i + 1 < times) _stake(1e6);
        }
    }

    function _complete(uint256 times) internal {
        for (uint256 i = 0; i < times; ++i) {
            _lock(1e6);
            _release(1e6);
        }
    }

    function _ban() internal {
        vm.prank(admin);
        staking.ban(AGENT);
    }

    function _unban() internal {
        vm.prank(admin);
        staking.unban(AGENT);
    }

    function _account(uint256 agentId) internal view returns (Account memory a) {
        (a.staked, a.locked, a.stakedAt, a.completions, a.slashes, a.frozen, a.banned) = staking.accountOf(agentId);
    }

    function _assertAccount(Account memory expected) internal view {
        _assertEq(_account(AGENT), expected);
    }

    function _assertEq(Account memory account, Account memory expected) internal pure {
        assertEq(account.staked, expected.staked, "staked");
        assertEq(account.locked, expected.locked, "locked");
        assertEq(account.stakedAt, expected.stakedAt, "stakedAt");
        assertEq(account.completions, expected.completions, "completions");
        assertEq(account.slashes, expected.slashes, "slashes");
        assertEq(account.frozen, expected.frozen, "frozen");
        assertEq(account.banned, expected.banned, "banned");
    }

    function _assertStatus(IAgentStaking.Status expected) internal view {
        assertEq(uint256(staking.statusOf(AGENT)), uint256(expected), "status");
    }

    /// @dev Expects the USDC transfer that follows the staking contract's own events.
    function _expectTransfer(address from, address to, uint256 amount) internal {
        vm.expectEmit(address(usdc));
        emit IERC20.Transfer(from, to, amount);
    }

    /// @dev Expects that exactly these events of the staking contract were recorded since `vm.recordLogs()`; 0 is none.
    function _assertRecorded(bytes32 first, bytes32 second, bytes32 third) internal {
        bytes32[4] memory expected = [first, second, third, 0];
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 found = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(staking)) assertEq(logs[i].topics[0], expected[found++], "event");
        }
        assertEq(expected[found], 0, "one event more");
    }
}
