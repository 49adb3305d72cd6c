// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockUSDC} from "../../../../contracts/mocks/MockUSDC.sol";

/// @notice USDC whose transfers cost `transferGas` more, as after an upgrade to a far more expensive token.
contract CostlyUSDC is MockUSDC {
    uint256 public transferGas;

    function setTransferGas(uint256 gas) external {
        transferGas = gas;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        try this.burn{gas: transferGas}() {} catch {}
        return super.transfer(to, amount);
    }

    function burn() external pure {
        assembly ("memory-safe") {
            invalid()
        }
    }
}
