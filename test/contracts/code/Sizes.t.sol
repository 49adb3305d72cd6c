// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentRegistrar} from "../../../contracts/AgentRegistrar.sol";
import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {SignedFunding} from "../../../contracts/SignedFunding.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice Every contract fits into the limits of EIP-170 and EIP-3860. The market, by far the largest, leaves room to
/// correct it.
contract SizesTest is BountyMarketTest {
    uint256 private constant MAX_CODE_BYTES = 24_576;
    uint256 private constant MAX_INIT_CODE_BYTES = 49_152;
    uint256 private constant FREE_BYTES_OF_MARKET = 3000;

    function test_EveryContractFits() public {
        _assertFits(address(registry));
        _assertFits(address(staking));
        _assertFits(address(new SignedFunding(address(market))));
        _assertFits(address(new AgentRegistrar(address(registry))));
    }

    function test_TheMarketLeavesRoom() public view {
        assertLe(address(market).code.length, MAX_CODE_BYTES - FREE_BYTES_OF_MARKET);
    }

    /// @dev Its init code contains the staking contract's. Its arguments take less than a kilobyte.
    function test_TheMarketsInitCodeFits() public view {
        uint256 initCodeBytes = type(BountyMarket).creationCode.length + 1024;
        assertLe(initCodeBytes, MAX_INIT_CODE_BYTES);
        assertGt(initCodeBytes, address(market).code.length);
    }

    function _assertFits(address deployed) private view {
        assertLe(deployed.code.length, MAX_CODE_BYTES);
    }
}
