// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockUSDC} from "../../../contracts/mocks/MockUSDC.sol";

/// @notice Called in the middle of every payment.
interface ITransferListener {
    function onTransfer() external;
}

/// @notice USDC that calls a listener after each `transfer`, before the payer's call continues: Circle's makes no calls. Its
/// code may replace that of a MockUSDC, whose storage it continues.
contract CallingUSDC is MockUSDC {
    ITransferListener private _listener;

    function setListener(ITransferListener listener) external {
        _listener = listener;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        if (address(_listener) != address(0)) _listener.onTransfer();
        return true;
    }
}
