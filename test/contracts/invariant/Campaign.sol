// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AdminHandler} from "./handlers/AdminHandler.sol";
import {BatchHandler} from "./handlers/BatchHandler.sol";
import {ClockHandler} from "./handlers/ClockHandler.sol";
import {EndingHandler} from "./handlers/EndingHandler.sol";
import {MeddleHandler} from "./handlers/MeddleHandler.sol";
import {PosterHandler} from "./handlers/PosterHandler.sol";
import {RegistryHandler} from "./handlers/RegistryHandler.sol";
import {StakeHandler} from "./handlers/StakeHandler.sol";
import {WeatherHandler} from "./handlers/WeatherHandler.sol";
import {WorkHandler} from "./handlers/WorkHandler.sol";

/// @title Campaign
/// @notice Every possible action on the market, as Forge's target: each external function that is not a view is one
/// kind of action, all equally likely. No action reverts; the call that it tries may.
contract Campaign is
    PosterHandler,
    BatchHandler,
    WorkHandler,
    EndingHandler,
    StakeHandler,
    AdminHandler,
    RegistryHandler,
    ClockHandler,
    WeatherHandler,
    MeddleHandler
{
    constructor() {
        replayedOwner = stakingOwner;
        for (uint256 i = 0; i < OWNERS - 1; ++i) {
            bytes memory data = abi.encodeCall(staking.stake, (agents[i], (i + 1) * staking.MIN_STAKE()));
            _act(people[POSTERS + i], address(staking), data);
        }
    }
}
