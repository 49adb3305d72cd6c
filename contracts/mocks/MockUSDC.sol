// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {MockAuthorizations} from "./MockAuthorizations.sol";

/// @title MockUSDC
/// @notice USDC for devnets and tests: six decimals, and the two ways in which Circle's token can refuse a transfer,
/// a blacklist and a pause.
/// @dev Mint, blacklist and pause are open to ANYONE, so that a test can cause any failure with one call. Never deploy
/// it where a balance has value. Of Circle's `permit` and authorizations it has only what SignedFunding calls.
contract MockUSDC is ERC20, MockAuthorizations {
    /// @notice `account` may no longer move, receive, approve or be approved.
    event Blacklisted(address indexed account);

    /// @notice `account` is no longer blacklisted.
    event UnBlacklisted(address indexed account);

    /// @notice All transfers and approvals stopped.
    event Pause();

    /// @notice Transfers and approvals work again.
    event Unpause();

    /// @notice Whether `account` is blacklisted.
    mapping(address account => bool) public isBlacklisted;

    /// @notice Whether the token is paused.
    bool public paused;

    constructor() ERC20("USD Coin", "USDC") EIP712("USD Coin", "2") {}

    /// @notice Creates `amount` base units for `to`. Open to anyone.
    function mint(address to, uint256 amount) external {
        _requireActive(msg.sender);
        _mint(to, amount);
    }

    /// @notice Blacklists `account`. Open to anyone.
    function blacklist(address account) external {
        isBlacklisted[account] = true;
        emit Blacklisted(account);
    }

    /// @notice Ends the blacklisting of `account`. Open to anyone.
    function unBlacklist(address account) external {
        isBlacklisted[account] = false;
        emit UnBlacklisted(account);
    }

    /// @notice Pauses the token. Open to anyone.
    function pause() external {
        paused = true;
        emit Pause();
    }

    /// @notice Unpauses the token. Open to anyone.
    function unpause() external {
        paused = false;
        emit Unpause();
    }

    /// @inheritdoc ERC20
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        // Circle's token checks the spender too; `_update` sees only sender and recipient.
        _requireActive(msg.sender);
        return super.transferFrom(from, to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _update(address from, address to, uint256 amount) internal override {
        _requireActive(from);
        _requireActive(to);
        super._update(from, to, amount);
    }

    function _approve(address owner, address spender, uint256 amount, bool emitEvent) internal override {
        // `transferFrom` lowers the allowance without an event and is checked above.
        if (emitEvent) {
            _requireActive(owner);
            _requireActive(spender);
        }
        super._approve(owner, spender, amount, emitEvent);
    }

    /// @dev The order and the texts of Circle's modifiers, so that callers get the same errors as from Circle's token.
    function _requireActive(address account) internal view override {
        require(!paused, "Pausable: paused");
        require(!isBlacklisted[account], "Blacklistable: account is blacklisted");
    }
}
