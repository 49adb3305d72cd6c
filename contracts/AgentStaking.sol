// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {AgentWallets} from "./AgentWallets.sol";
import {BURN_ADDRESS, MIN_AGENT_STAKE} from "./Rules.sol";
import {WalletSignatures} from "./WalletSignatures.sol";
import {IAgentStaking} from "./interfaces/IAgentStaking.sol";

/// @title AgentStaking
/// @notice The stake of every agent, the part of it that is locked for live runs, and the trust ladder.
/// @dev In every account: locked ≤ staked, and stakedAt is not zero exactly while staked ≥ MIN_STAKE and not frozen.
/// The owner can ban agents from new claims, and nothing else: no call of the owner moves a single unit.
contract AgentStaking is IAgentStaking, Ownable2Step, EIP712 {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev One slot. 2^56 base units are 72 billion USDC. A 40-bit counter takes 10^12 transactions to overflow, years
    /// of a whole chain, so no overflow can keep a live run from ending.
    struct Account {
        uint56 staked;
        uint56 locked;
        uint40 stakedAt;
        uint40 completions;
        uint40 slashes;
        bool frozen;
        bool banned;
    }

    /// @inheritdoc IAgentStaking
    uint256 public constant MIN_STAKE = MIN_AGENT_STAKE;
    /// @inheritdoc IAgentStaking
    uint256 public constant ESTABLISHED_AFTER = 30 days;
    /// @inheritdoc IAgentStaking
    uint256 public constant ESTABLISHED_COMPLETIONS = 5;
    /// @inheritdoc IAgentStaking
    uint256 public constant BAN_AFTER_SLASHES = 3;

    /// @inheritdoc IAgentStaking
    address public immutable MARKET;
    /// @inheritdoc IAgentStaking
    address public immutable USDC;
    /// @inheritdoc IAgentStaking
    address public immutable REGISTRY;

    bytes32 private constant UNSTAKE =
        keccak256("Unstake(uint256 agentId,address signer,uint256 amount,uint256 nonce,uint256 deadline)");
    uint256 private constant MAX_VALIDITY = 1 hours;

    mapping(uint256 agentId => Account) private _accounts;

    /// @inheritdoc IAgentStaking
    mapping(uint256 agentId => uint256) public nonceOf;

    /// @inheritdoc IAgentStaking
    uint256 public unburned;

    /// @dev Created by the market, so only that market can ever lock, release or burn stake.
    constructor(address usdc, address registry, address owner) Ownable(owner) EIP712("AgentStaking", "1") {
        require(usdc != address(0) && registry != address(0), ZeroAddress());
        MARKET = msg.sender;
        USDC = usdc;
        REGISTRY = registry;
    }

    /// @inheritdoc IAgentStaking
    function stake(uint256 agentId, uint256 amount) external {
        require(amount != 0, ZeroAmount(agentId));
        _requireWalletOrOwner(agentId, msg.sender);
        _stake(agentId, amount);
    }

    /// @inheritdoc IAgentStaking
    function stakeFor(uint256 agentId, address owner, uint256 amount) external {
        require(amount != 0, ZeroAmount(agentId));
        address actual = _requireOwner(agentId);
        require(owner == actual, NotAgentOwner(agentId, owner, actual));
        _stake(agentId, amount);
    }

    /// @inheritdoc IAgentStaking
    function unstake(uint256 agentId, uint256 amount) external {
        require(amount != 0, ZeroAmount(agentId));
        address owner = _requireWalletOrOwner(agentId, msg.sender);
        _unstake(agentId, amount, msg.sender, owner, nonceOf[agentId]);
    }

    /// @inheritdoc IAgentStaking
    function unstakeWithSig(
        uint256 agentId,
        uint256 amount,
        address signer,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        require(amount != 0, ZeroAmount(agentId));
        address owner = _requireWalletOrOwner(agentId, signer);
        uint256 current = nonceOf[agentId];
        require(nonce == current, WrongNonce(agentId, nonce, current));
        require(block.timestamp <= deadline, SignatureExpired(deadline, block.timestamp));
        uint256 latest = block.timestamp + MAX_VALIDITY;
        require(deadline <= latest, SignatureTooLong(deadline, latest));
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(UNSTAKE, agentId, signer, amount, nonce, deadline)));
        require(WalletSignatures.isSignedBy(signer, digest, signature), InvalidUnstakeSignature(agentId, signer, nonce));

        nonceOf[agentId] = nonce + 1;
        _unstake(agentId, amount, signer, owner, nonce + 1);
    }

    /// @inheritdoc IAgentStaking
    function ban(uint256 agentId) external onlyOwner {
        Account storage account = _accounts[agentId];
        require(!account.banned, AgentIsBanned(agentId));
        account.banned = true;
        emit AgentBanned(agentId, account.slashes);
    }

    /// @inheritdoc IAgentStaking
    function unban(uint256 agentId) external onlyOwner {
        Account storage account = _accounts[agentId];
        require(account.banned, AgentIsNotBanned(agentId));
        account.banned = false;
        emit AgentUnbanned(agentId);
    }

    /// @inheritdoc IAgentStaking
    function lock(uint256 agentId, uint256 bountyId, uint256 amount) external {
        _requireMarket();
        Account storage account = _accounts[agentId];
        uint256 locked = _requireLockable(agentId, account, amount) + amount;

        // Casting is safe because the locked amount is at most the staked one.
        // forge-lint: disable-next-line(unsafe-typecast)
        account.locked = uint56(locked);
        emit StakeLocked(agentId, bountyId, amount, locked);
    }

    /// @inheritdoc IAgentStaking
    function release(uint256 agentId, uint256 bountyId, uint256 amount, uint256 reward) external {
        _requireMarket();
        Account storage account = _accounts[agentId];
        uint56 locked = account.locked;
        uint40 completions = account.completions;
        locked -= amount.toUint56();
        completions += 1;
        account.locked = locked;
        account.completions = completions;

        emit StakeReleased(agentId, bountyId, amount, locked);
        emit RunCompleted(agentId, bountyId, reward, completions);
    }

    /// @inheritdoc IAgentStaking
    function forfeit(uint256 agentId, uint256 bountyId, uint256 amount) external returns (bool burned) {
        _requireMarket();
        Account memory account = _accounts[agentId];
        _takeLocked(account, amount);
        _accounts[agentId] = account;

        emit StakeForfeited(agentId, bountyId, amount, account.staked, account.locked, account.stakedAt);

        return _burn(amount);
    }

    /// @inheritdoc IAgentStaking
    function slash(uint256 agentId, uint256 bountyId, uint256 amount, uint256 claimedAt)
        external
        returns (bool burned)
    {
        _requireMarket();
        Account memory account = _accounts[agentId];
        bool freezes = !account.frozen;
        // The claims that an agent holds when it is frozen are one absence, also where another account stakes for it in
        // between.
        bool counts = freezes && claimedAt >= account.stakedAt;
        if (counts) account.slashes += 1;
        _takeLocked(account, amount);
        account.stakedAt = 0;
        account.frozen = true;
        bool bans = counts && !account.banned && account.slashes >= BAN_AFTER_SLASHES;
        if (bans) account.banned = true;
        _accounts[agentId] = account;

        emit Slashed(agentId, bountyId, amount, account.staked, account.locked, account.stakedAt, account.slashes);
        if (freezes) emit AgentFrozen(agentId);
        if (bans) emit AgentBanned(agentId, account.slashes);

        return _burn(amount);
    }

    /// @inheritdoc IAgentStaking
    function burnDeferred() external returns (uint256 amount) {
        _requireMarket();
        amount = unburned;
        if (amount == 0) return 0;

        unburned = 0;
        emit BurnDeferred(0);
        IERC20(USDC).safeTransfer(BURN_ADDRESS, amount);
    }

    /// @inheritdoc IAgentStaking
    function checkLock(uint256 agentId, uint256 amount) external view {
        _requireLockable(agentId, _accounts[agentId], amount);
    }

    /// @inheritdoc IAgentStaking
    function statusOf(uint256 agentId) external view returns (Status) {
        Account memory account = _accounts[agentId];
        if (account.banned) return Status.BANNED;
        if (account.frozen) return Status.FROZEN;
        if (account.staked < MIN_STAKE) return Status.UNVERIFIED;
        bool longStaked = block.timestamp >= account.stakedAt + ESTABLISHED_AFTER;
        bool proven = account.completions >= ESTABLISHED_COMPLETIONS;
        return longStaked && proven ? Status.ESTABLISHED : Status.PROVISIONAL;
    }

    /// @inheritdoc IAgentStaking
    function accountOf(uint256 agentId)
        external
        view
        returns (
            uint256 staked,
            uint256 locked,
            uint64 stakedAt,
            uint256 completions,
            uint256 slashes,
            bool frozen,
            bool banned
        )
    {
        Account memory account = _accounts[agentId];
        return (
            account.staked,
            account.locked,
            account.stakedAt,
            account.completions,
            account.slashes,
            account.frozen,
            account.banned
        );
    }

    /// @dev The caller pays.
    function _stake(uint256 agentId, uint256 amount) private {
        Account memory account = _accounts[agentId];
        uint256 staked = Math.saturatingAdd(account.staked, amount);
        require(staked <= type(uint56).max, StakeTooLarge(agentId, staked, type(uint56).max));

        bool unfreezes = account.frozen && staked >= MIN_STAKE;
        if (unfreezes) account.frozen = false;
        if (staked >= MIN_STAKE && account.stakedAt == 0) account.stakedAt = block.timestamp.toUint40();
        account.staked = staked.toUint56();
        _accounts[agentId] = account;

        emit Staked(agentId, msg.sender, amount, staked, account.stakedAt);
        if (unfreezes) emit AgentUnfrozen(agentId);

        IERC20(USDC).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @param nonce What `nonceOf` is after this withdrawal.
    function _unstake(uint256 agentId, uint256 amount, address by, address owner, uint256 nonce) private {
        Account memory account = _accounts[agentId];
        require(amount <= account.staked, AmountExceedsStake(agentId, amount, account.staked));
        uint256 remaining = account.staked - amount;
        uint256 required = account.locked == 0 ? 0 : Math.max(account.locked, MIN_STAKE);
        require(remaining >= required, StakeIsLocked(agentId, remaining, required));

        if (remaining < MIN_STAKE) account.stakedAt = 0;
        account.staked = remaining.toUint56();
        _accounts[agentId] = account;

        emit Unstaked(agentId, by, owner, amount, remaining, account.stakedAt, nonce);

        IERC20(USDC).safeTransfer(owner, amount);
    }

    function _requireMarket() private view {
        require(msg.sender == MARKET, NotMarket(msg.sender, MARKET));
    }

    function _requireOwner(uint256 agentId) private view returns (address owner) {
        owner = AgentWallets.ownerOf(REGISTRY, agentId);
        require(owner != address(0), AgentNotFound(agentId));
    }

    /// @dev The owner is checked first, and suffices: it can unstake even where `getAgentWallet` fails.
    function _requireWalletOrOwner(uint256 agentId, address account) private view returns (address owner) {
        owner = _requireOwner(agentId);
        require(
            account == owner || account == AgentWallets.walletOf(REGISTRY, agentId),
            NotAgentWalletOrOwner(agentId, account)
        );
    }

    /// @return locked What is locked already.
    function _requireLockable(uint256 agentId, Account storage account, uint256 amount)
        private
        view
        returns (uint256 locked)
    {
        uint256 staked = account.staked;
        locked = account.locked;
        bool frozen = account.frozen;
        bool banned = account.banned;

        require(!banned, AgentIsBanned(agentId));
        require(!frozen, AgentIsFrozen(agentId));
        require(staked >= MIN_STAKE, InsufficientStake(agentId, staked, MIN_STAKE));
        uint256 unlocked = staked - locked;
        require(unlocked >= amount, InsufficientUnlockedStake(agentId, unlocked, amount));
    }

    /// @dev The market releases only what it locked. A larger amount would be a bug of the market, and panics.
    function _takeLocked(Account memory account, uint256 amount) private pure {
        account.locked -= amount.toUint56();
        account.staked -= amount.toUint56();
        if (account.staked < MIN_STAKE) account.stakedAt = 0;
    }

    /// @dev USDC may be paused, or may have frozen this contract. The run still ends, and the market owes the amount.
    function _burn(uint256 amount) private returns (bool burned) {
        burned = IERC20(USDC).trySafeTransfer(BURN_ADDRESS, amount);
        if (burned) return true;
        unburned += amount;
        emit BurnDeferred(unburned);
    }
}
