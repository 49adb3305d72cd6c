// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Panic} from "@openzeppelin/contracts/utils/Panic.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {AgentStakingTest} from "../support/AgentStakingTest.sol";
import {Matrix} from "../support/Matrix.sol";
import {UnstakeSigner} from "../support/UnstakeSigner.sol";

/// @notice Every call × state of the account × caller, with the exact error of each refused call (I6). The table is
/// derived from the market's rules, not from the contract.
contract EveryCallAboutStakeHasItsConditionAndCaller is AgentStakingTest, Matrix, UnstakeSigner {
    bytes4 private constant NOT_AGENTS = IAgentStaking.NotAgentWalletOrOwner.selector;
    bytes4 private constant NOT_MARKET = IAgentStaking.NotMarket.selector;
    bytes4 private constant ZERO_AMOUNT = IAgentStaking.ZeroAmount.selector;
    bytes4 private constant NOT_OWNER = Ownable.OwnableUnauthorizedAccount.selector;
    bytes4 private constant PANIC = bytes4(keccak256("Panic(uint256)"));

    /// @dev An agent that is not registered.
    uint256 private constant UNKNOWN_AGENT = 99;
    uint256 private constant LOCKED = 10e6;
    uint256 private constant NO_CALLER = 0;

    uint256 private immutable AGENTS;
    uint256 private immutable MARKET;
    uint256 private immutable ADMIN;
    uint256 private immutable HEIR;

    address private otherWallet = makeAddr("other agent's wallet");
    mapping(string call => bytes) private _calls;
    uint256 private _agentId;

    constructor() {
        wallet = makeAddr("agent wallet");
        AGENTS = _caller(wallet, "agent's wallet") | _caller(owner, "agent's owner");
        MARKET = _caller(market, "market");
        ADMIN = _caller(admin, "staking owner");
        HEIR = _caller(makeAddr("heir"), "pending staking owner");
        _caller(otherWallet, "other agent's wallet");
        _caller(poster, "poster");
        _caller(makeAddr("treasury"), "treasury");
        _caller(stranger, "stranger");
        // A party is an account, whatever its address is lower or higher than.
        _caller(address(0x1000), "a low address");
        _caller(address(type(uint160).max), "the highest address");
    }

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < _callers.length; ++i) {
            _fund(_callers[i]);
        }
        registry.registerFor(otherWallet, "ipfs://other");
        vm.prank(otherWallet);
        staking.stake(AGENT + 1, MIN_STAKE);
        vm.prank(admin);
        staking.transferOwnership(makeAddr("heir"));
    }

    function test_RowForEveryCall() public {
        _writeTable();
        _assertRowForEveryCall("AgentStaking");
    }

    function test_EveryCallInEveryConditionByEveryCaller() public {
        _writeLegend();
        _writeTable();
        uint256 snapshot = vm.snapshotState();
        for (uint256 column = 0; column < 10; ++column) {
            _bringAccountInto(column);
            _prepareCalls(column == 0 ? UNKNOWN_AGENT : AGENT);
            _assertColumn(column, _nameOf(column));
            vm.revertToState(snapshot);
        }
    }

    function _writeLegend() private {
        _forEveryone("a", IAgentStaking.AgentNotFound.selector);
        _forEveryone("o", IAgentStaking.NotAgentOwner.selector);
        _forCallers("e", IAgentStaking.AmountExceedsStake.selector);
        _forCallers("l", IAgentStaking.StakeIsLocked.selector);
        _forCallers("b", IAgentStaking.AgentIsBanned.selector);
        _forCallers("n", IAgentStaking.AgentIsNotBanned.selector);
        _forCallers("f", IAgentStaking.AgentIsFrozen.selector);
        _forCallers("i", IAgentStaking.InsufficientStake.selector);
        _forCallers("u", IAgentStaking.InsufficientUnlockedStake.selector);
        // Releasing or burning more than was locked would be a bug of the market.
        _forCallers("p", PANIC);
    }

    /// @dev Columns, of an agent: U not registered; E never staked; B below MIN_STAKE; S staked; L partly
    /// locked; F frozen, K and partly locked; X banned by the owner, Y and partly locked; Z banned by the third slash.
    function _writeTable() private {
        // forgefmt: disable-start
        //                                                    UEBSLFKXYZ
        _row("stake (1 USDC)",          AGENTS, NOT_AGENTS,   "a+++++++++");
        _row("stake (nothing)",         NO_CALLER, ZERO_AMOUNT,  "!!!!!!!!!!");
        _row("stakeFor (1 USDC)",       ANYONE, DONE,         "a+++++++++");
        _row("stakeFor (nothing)",      NO_CALLER, ZERO_AMOUNT,  "!!!!!!!!!!");
        _row("stakeFor (another owner)", ANYONE, DONE,        "aooooooooo");
        _row("unstakeWithSig (all)",    ANYONE, DONE,         "ae++l+l+l+");
        _row("unstake (all)",           AGENTS, NOT_AGENTS,   "ae++l+l+l+");
        _row("unstake (nothing)",       NO_CALLER, ZERO_AMOUNT,  "!!!!!!!!!!");
        _row("ban",                     ADMIN,  NOT_OWNER,    "+++++++bbb");
        _row("unban",                   ADMIN,  NOT_OWNER,    "nnnnnnn+++");
        _row("lock (10 USDC)",          MARKET, NOT_MARKET,   "iii++ffbbb");
        _row("lock (40 USDC)",          MARKET, NOT_MARKET,   "iii+uffbbb");
        _row("release (10 USDC)",       MARKET, NOT_MARKET,   "pppp+p+p+p");
        _row("forfeit (10 USDC)",       MARKET, NOT_MARKET,   "pppp+p+p+p");
        _row("slash (10 USDC)",         MARKET, NOT_MARKET,   "pppp+p+p+p");
        _row("burnDeferred",            MARKET, NOT_MARKET,   "++++++++++");
        _row("transferOwnership",       ADMIN,  NOT_OWNER,    "++++++++++");
        _row("acceptOwnership",         HEIR,   NOT_OWNER,    "++++++++++");
        _row("renounceOwnership",       ADMIN,  NOT_OWNER,    "++++++++++");
        // forgefmt: disable-end
    }

    function _row(string memory call, uint256 callers, bytes4 otherwise, string memory cells) private {
        _rows.push(Row(call, cells, callers, otherwise));
    }

    function _nameOf(uint256 column) private pure returns (string memory) {
        string[10] memory names = [
            "of an unknown agent",
            "never staked",
            "below MIN_STAKE",
            "staked",
            "partly locked",
            "frozen",
            "frozen and partly locked",
            "banned by the owner",
            "banned and partly locked",
            "banned by the third slash"
        ];
        return names[column];
    }

    /// @dev 40 USDC at stake after a slash of 1 USDC or none, 10 of them locked or none.
    function _bringAccountInto(uint256 column) private {
        if (column < 2) return;
        if (column == 2) return _stake(MIN_STAKE - 1);
        _stake(column == 9 ? 41e6 : 40e6);
        if (column == 4 || column == 8) _lock(LOCKED);
        if (column == 5 || column == 6) _stake(1e6);
        if (column == 6) _lock(LOCKED);
        if (column == 5 || column == 6) _lockAndSlash(1);
        if (column == 7 || column == 8) _ban();
        if (column == 9) _lockAndSlash(3);
    }

    function _prepareCalls(uint256 agentId) private {
        _agentId = agentId;
        uint256 staked = _account(agentId).staked;
        _calls["stake (1 USDC)"] = abi.encodeCall(staking.stake, (agentId, 1e6));
        _calls["stake (nothing)"] = abi.encodeCall(staking.stake, (agentId, 0));
        _calls["stakeFor (1 USDC)"] = abi.encodeCall(staking.stakeFor, (agentId, owner, 1e6));
        _calls["stakeFor (nothing)"] = abi.encodeCall(staking.stakeFor, (agentId, owner, 0));
        _calls["stakeFor (another owner)"] = abi.encodeCall(staking.stakeFor, (agentId, otherWallet, 1e6));
        _calls["unstakeWithSig (all)"] = _signedUnstake(agentId, staked == 0 ? 1 : staked);
        _calls["unstake (all)"] = abi.encodeCall(staking.unstake, (agentId, staked == 0 ? 1 : staked));
        _calls["unstake (nothing)"] = abi.encodeCall(staking.unstake, (agentId, 0));
        _calls["ban"] = abi.encodeCall(staking.ban, (agentId));
        _calls["unban"] = abi.encodeCall(staking.unban, (agentId));
        _calls["lock (10 USDC)"] = abi.encodeCall(staking.lock, (agentId, BOUNTY, LOCKED));
        _calls["lock (40 USDC)"] = abi.encodeCall(staking.lock, (agentId, BOUNTY, 40e6));
        _calls["release (10 USDC)"] = abi.encodeCall(staking.release, (agentId, BOUNTY, LOCKED, 100e6));
        _calls["forfeit (10 USDC)"] = abi.encodeCall(staking.forfeit, (agentId, BOUNTY, LOCKED));
        _calls["slash (10 USDC)"] = abi.encodeCall(staking.slash, (agentId, BOUNTY, LOCKED, vm.getBlockTimestamp()));
        _calls["burnDeferred"] = abi.encodeCall(staking.burnDeferred, ());
        _calls["transferOwnership"] = abi.encodeCall(staking.transferOwnership, (stranger));
        _calls["acceptOwnership"] = abi.encodeCall(staking.acceptOwnership, ());
        _calls["renounceOwnership"] = abi.encodeCall(staking.renounceOwnership, ());
    }

    /// @dev By the owner, in the last second of its hour.
    function _signedUnstake(uint256 agentId, uint256 amount) private view returns (bytes memory) {
        uint256 deadline = vm.getBlockTimestamp() + 1 hours;
        UnstakeMessage memory message = UnstakeMessage(agentId, owner, amount, 0, deadline);
        bytes memory signature = sign(keyNamed("agent owner"), unstakeDigest(address(staking), message));
        return abi.encodeCall(staking.unstakeWithSig, (agentId, amount, owner, 0, deadline, signature));
    }

    function _valuesOf(bytes4 selector, address caller, bool) internal view override returns (bytes memory) {
        if (selector == NOT_OWNER) return abi.encode(caller);
        if (selector == NOT_MARKET) return abi.encode(caller, market);
        if (selector == PANIC) return abi.encode(Panic.UNDER_OVERFLOW);
        return bytes.concat(bytes32(_agentId), _valuesOfAgent(selector, caller));
    }

    /// @dev Those that follow the id of the agent.
    function _valuesOfAgent(bytes4 selector, address caller) private view returns (bytes memory) {
        Account memory account = _account(_agentId);
        if (selector == NOT_AGENTS) return abi.encode(caller);
        if (selector == IAgentStaking.NotAgentOwner.selector) return abi.encode(otherWallet, owner);
        if (selector == IAgentStaking.AmountExceedsStake.selector) return abi.encode(1, 0);
        if (selector == IAgentStaking.StakeIsLocked.selector) return abi.encode(0, MIN_STAKE);
        if (selector == IAgentStaking.InsufficientStake.selector) return abi.encode(account.staked, MIN_STAKE);
        if (selector == IAgentStaking.InsufficientUnlockedStake.selector) return abi.encode(30e6, 40e6);
        return "";
    }

    function _try(Row memory row, address caller) internal override returns (bytes memory) {
        vm.recordLogs();
        vm.prank(caller);
        (bool ok, bytes memory answer) = address(staking).call(_calls[row.call]);
        if (ok) assertNoLogTwice();
        return _refusal(ok, answer);
    }
}
