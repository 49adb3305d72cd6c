// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BountyMarketTest} from "./BountyMarketTest.sol";

/// @title RelayedMarketTest
/// @notice The market of a devnet, with a relayer that may claim for anyone.
abstract contract RelayedMarketTest is BountyMarketTest {
    address internal relayer = makeAddr("relayer");

    function setUp() public virtual override {
        super.setUp();
        address[] memory relayers = new address[](1);
        relayers[0] = relayer;
        _deployMarket(relayers);
        _approveContracts();
        _stake(STAKE);
    }
}
