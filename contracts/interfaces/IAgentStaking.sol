// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IAgentStaking
/// @notice Holds the USDC that agents put at stake, locks a part of it for each claimed run, and keeps the trust
/// ladder. All amounts are USDC base units (6 decimals), all times are block timestamps in seconds.
/// @dev Stake belongs to the agent's token: it follows the NFT, and `unstake` always pays the token's owner. A buyer
/// of an agent should read `accountOf` in the same transaction, because the seller can unstake until then.
/// Trusts USDC to move exactly the requested amount, and the registry for an agent's owner and wallet: a registry
/// that can be upgraded can give any agent's unlocked stake to anyone. Locked stake, and how a live run ends, does not
/// depend on it.
/// USDC sent here without `stake` has no owner and stays.
interface IAgentStaking {
    /// @notice The trust ladder. It changes with time and without a transaction, so it is derived, never stored.
    enum Status {
        UNVERIFIED,
        PROVISIONAL,
        ESTABLISHED,
        FROZEN,
        BANNED
    }

    /// @notice `by` paid and added `amount`; `staked` is the balance after it.
    event Staked(uint256 indexed agentId, address indexed by, uint256 amount, uint256 staked, uint64 stakedAt);

    /// @notice `by` withdrew `amount`, by a call or a signature, to the owner `to`; `staked` is the balance after it, `nonce`
    /// is `nonceOf` after it, which only a signature raises.
    event Unstaked(
        uint256 indexed agentId,
        address indexed by,
        address indexed to,
        uint256 amount,
        uint256 staked,
        uint64 stakedAt,
        uint256 nonce
    );

    /// @notice USDC refused to burn lost stake, or burned what was deferred; `unburned` is the total after it.
    event BurnDeferred(uint256 unburned);

    /// @notice A claim put `amount` at risk; `locked` is the total after it.
    event StakeLocked(uint256 indexed agentId, uint256 indexed bountyId, uint256 amount, uint256 locked);

    /// @notice An approved run released `amount`; `locked` is the total after it.
    event StakeReleased(uint256 indexed agentId, uint256 indexed bountyId, uint256 amount, uint256 locked);

    /// @notice A rejected run or an abandoned claim cost the agent `amount`, which was burned. The agent is not frozen.
    event StakeForfeited(
        uint256 indexed agentId,
        uint256 indexed bountyId,
        uint256 amount,
        uint256 staked,
        uint256 locked,
        uint64 stakedAt
    );

    /// @notice A run that was not delivered in time cost the agent `amount`, which was burned. `slashes` is the count
    /// after it: one for each absence, so a slash does not raise it where the agent was frozen already, or claimed before
    /// `stakedAt`. The agent is frozen.
    event Slashed(
        uint256 indexed agentId,
        uint256 indexed bountyId,
        uint256 amount,
        uint256 staked,
        uint256 locked,
        uint64 stakedAt,
        uint256 slashes
    );

    /// @notice The agent was paid `reward` for a run; `completions` is the count after it.
    event RunCompleted(uint256 indexed agentId, uint256 indexed bountyId, uint256 reward, uint256 completions);

    /// @notice The agent became frozen.
    event AgentFrozen(uint256 indexed agentId);

    /// @notice The agent is no longer frozen.
    event AgentUnfrozen(uint256 indexed agentId);

    /// @notice The agent became banned, by the owner or because a slash raised the count to `slashes`.
    event AgentBanned(uint256 indexed agentId, uint256 slashes);

    /// @notice The owner lifted the ban. Slashes and a freeze stay.
    event AgentUnbanned(uint256 indexed agentId);

    /// @notice Neither USDC nor the registry may be the zero address.
    error ZeroAddress();

    /// @notice The registry has no such agent, or it could not answer.
    error AgentNotFound(uint256 agentId);

    /// @notice `caller`, or the signer, is neither the agent's wallet nor its owner.
    error NotAgentWalletOrOwner(uint256 agentId, address caller);

    /// @notice The agent's owner is `actual`, not the one that the payer named.
    error NotAgentOwner(uint256 agentId, address owner, address actual);

    /// @notice The agent's next signed withdrawal has the nonce `expected`.
    error WrongNonce(uint256 agentId, uint256 nonce, uint256 expected);

    /// @notice The signature has expired: `deadline` has passed.
    error SignatureExpired(uint256 deadline, uint256 timestamp);

    /// @notice The signature would hold for longer than an hour, until after `latest`.
    error SignatureTooLong(uint256 deadline, uint256 latest);

    /// @notice `signer` did not sign this withdrawal.
    error InvalidUnstakeSignature(uint256 agentId, address signer, uint256 nonce);

    /// @notice `caller` is not the market.
    error NotMarket(address caller, address market);

    /// @notice The amount must not be zero.
    error ZeroAmount(uint256 agentId);

    /// @notice The balance would exceed what an account can hold.
    error StakeTooLarge(uint256 agentId, uint256 staked, uint256 maximum);

    /// @notice The amount exceeds the agent's balance.
    error AmountExceedsStake(uint256 agentId, uint256 amount, uint256 staked);

    /// @notice While a run is live, `unstake` must leave `required` = max(locked, MIN_STAKE).
    error StakeIsLocked(uint256 agentId, uint256 remaining, uint256 required);

    /// @notice Claim check: the agent is banned.
    error AgentIsBanned(uint256 agentId);

    /// @notice The agent is not banned.
    error AgentIsNotBanned(uint256 agentId);

    /// @notice Claim check: the agent is frozen.
    error AgentIsFrozen(uint256 agentId);

    /// @notice Claim check: less than MIN_STAKE at stake.
    error InsufficientStake(uint256 agentId, uint256 staked, uint256 required);

    /// @notice Claim check: the stake that other live runs leave unlocked does not cover this run's stake.
    error InsufficientUnlockedStake(uint256 agentId, uint256 unlocked, uint256 required);

    /// @notice The least stake with which an agent may claim: 20 USDC.
    function MIN_STAKE() external view returns (uint256);

    /// @notice How long an agent must have been staked to be ESTABLISHED, in seconds.
    function ESTABLISHED_AFTER() external view returns (uint256);

    /// @notice How many runs an agent must have completed to be ESTABLISHED.
    function ESTABLISHED_COMPLETIONS() external view returns (uint256);

    /// @notice The count of slashes at which an agent is banned.
    function BAN_AFTER_SLASHES() external view returns (uint256);

    /// @notice The market that created this contract and alone locks, releases and burns stake for runs.
    function MARKET() external view returns (address);

    /// @notice The token at stake.
    function USDC() external view returns (address);

    /// @notice The ERC-8004 registry. Only `getAgentWallet` and `ownerOf` are called.
    function REGISTRY() external view returns (address);

    /// @notice Adds `amount` to the agent's stake. The agent's wallet or owner, after approving this contract.
    /// Unfreezes a frozen agent that then has at least MIN_STAKE. A banned agent may stake too.
    /// @dev Reverts with `ZeroAmount`, `AgentNotFound`, `NotAgentWalletOrOwner`, `StakeTooLarge`, or as USDC does.
    /// @param amount What the caller pays.
    function stake(uint256 agentId, uint256 amount) external;

    /// @notice `stake` by anyone, who pays. Reverts unless the agent's owner is `owner`, so that a reorg, after which
    /// another has the id, cannot give it the stake.
    /// @dev Reverts with `ZeroAmount`, `AgentNotFound`, `NotAgentOwner`, `StakeTooLarge`, or as USDC does.
    function stakeFor(uint256 agentId, address owner, uint256 amount) external;

    /// @notice Withdraws `amount`, always to the agent's owner. The agent's wallet or owner. While anything is locked,
    /// max(locked, MIN_STAKE) must stay. A freeze or a ban does not prevent it: they bar new claims, and what the agent
    /// put at risk was locked. A freeze outlasts the withdrawal.
    /// @dev Reverts with `ZeroAmount`, `AgentNotFound`, `NotAgentWalletOrOwner`, `AmountExceedsStake`,
    /// `StakeIsLocked`, or as USDC does.
    function unstake(uint256 agentId, uint256 amount) external;

    /// @notice `unstake` by anyone, with a signature of the agent's wallet or owner.
    /// @dev Reverts with `ZeroAmount`, `AgentNotFound`, `NotAgentWalletOrOwner`, `WrongNonce`, `SignatureExpired`,
    /// `SignatureTooLong`, `InvalidUnstakeSignature`, then as `unstake`.
    /// @param signer The agent's wallet or owner, at the time of the call.
    /// @param nonce As `nonceOf` shows it.
    /// @param deadline Last second at which the signature holds, at most an hour ahead.
    /// @param signature EIP-712 by `signer`, domain `AgentStaking` / `1`, over `Unstake(uint256 agentId,address signer,
    /// uint256 amount,uint256 nonce,uint256 deadline)`; ECDSA, else ERC-1271.
    function unstakeWithSig(
        uint256 agentId,
        uint256 amount,
        address signer,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice How many signed withdrawals the agent has made, which is the nonce of the next.
    function nonceOf(uint256 agentId) external view returns (uint256);

    /// @notice Bans the agent from new claims. Owner only. Live runs continue. Does not call the registry, so that an
    /// id can be banned while the registry is broken, or before the id is registered.
    /// @dev Reverts with `OwnableUnauthorizedAccount` or `AgentIsBanned`.
    function ban(uint256 agentId) external;

    /// @notice Lifts the ban and nothing else: slashes stay, so the next one that counts bans again. Owner only.
    /// @dev Reverts with `OwnableUnauthorizedAccount` or `AgentIsNotBanned`.
    function unban(uint256 agentId) external;

    /// @notice Locks `amount` for a claim. Market only.
    /// @dev Reverts with `NotMarket`, or as `checkLock` does.
    function lock(uint256 agentId, uint256 bountyId, uint256 amount) external;

    /// @notice Releases the locked `amount` and counts a completion worth `reward`. Market only. Reads neither status
    /// nor registry, and neither do `forfeit` and `slash`, so that every live run can end.
    /// @dev Reverts with `NotMarket`.
    function release(uint256 agentId, uint256 bountyId, uint256 amount, uint256 reward) external;

    /// @notice Burns the locked `amount` for a rejected run or an abandoned claim. Market only.
    /// @dev Reverts with `NotMarket`.
    /// @return burned False if USDC refused the transfer: `amount` is then added to `unburned`.
    function forfeit(uint256 agentId, uint256 bountyId, uint256 amount) external returns (bool burned);

    /// @notice Burns the locked `amount` for an expired claim, and freezes the agent. It counts where the agent was not frozen
    /// and claimed at or after `stakedAt`; from a count of BAN_AFTER_SLASHES on it bans the agent too. Market only.
    /// @dev Reverts with `NotMarket`.
    /// @param claimedAt When the claim was made.
    /// @return burned As of `forfeit`.
    function slash(uint256 agentId, uint256 bountyId, uint256 amount, uint256 claimedAt) external returns (bool burned);

    /// @notice Burns all of `unburned`. Market only: `BountyMarket.collect` of the burn address calls it, so that the
    /// market's `owed` falls by the same amount.
    /// @dev Reverts with `NotMarket`, or as USDC does.
    /// @return amount What was burned.
    function burnDeferred() external returns (uint256 amount);

    /// @notice Lost stake that USDC refused to move and that is still here. It is no agent's stake, but part of what
    /// the market owes to the burn address.
    function unburned() external view returns (uint256);

    /// @notice Reverts exactly as `lock` by the market would.
    /// @dev In this order: `AgentIsBanned`, `AgentIsFrozen`, `InsufficientStake`, `InsufficientUnlockedStake`.
    function checkLock(uint256 agentId, uint256 amount) external view;

    /// @notice The agent's step on the ladder at this block's timestamp. BANNED goes before FROZEN before the rest;
    /// UNVERIFIED below MIN_STAKE; ESTABLISHED after ESTABLISHED_AFTER and ESTABLISHED_COMPLETIONS; else PROVISIONAL.
    /// @dev A label, not resistance against one person with many identities.
    function statusOf(uint256 agentId) external view returns (Status);

    /// @notice The agent's account; all zero for an agent that never staked.
    /// @return staked Balance.
    /// @return locked The part of it at risk in live runs.
    /// @return stakedAt When the balance last rose to MIN_STAKE or the agent was unfrozen; 0 while below or frozen.
    /// @return completions Runs approved.
    /// @return slashes Absences that were slashed.
    /// @return frozen Whether the agent is frozen.
    /// @return banned Whether the agent is banned.
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
        );
}
