// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentStakingReplay} from "../support/AgentStakingReplay.sol";

/// @notice Calls every function. After each step, the logs so far rebuild the account.
contract AgentStakingReplayTest is AgentStakingReplay {
    /// @dev Runs the step, then compares the account rebuilt from the logs with the contract's.
    modifier replays() {
        vm.recordLogs();
        _;
        _replayRecorded();
        _assertEq(_account(AGENT), replayed[AGENT]);
    }

    function stake(uint256 amount) private replays {
        _stake(amount);
    }

    function unstake(uint256 amount) private replays {
        _unstake(amount);
    }

    function lock(uint256 amount) private replays {
        _lock(amount);
    }

    function release(uint256 amount) private replays {
        _release(amount);
    }

    function forfeit(uint256 amount) private replays {
        _forfeit(amount);
    }

    function slash(uint256 amount) private replays {
        _slash(amount);
    }

    function ban() private replays {
        _ban();
    }

    function unban() private replays {
        _unban();
    }

    function test_LogsAloneRebuildTheAccount() public {
        stake(MIN_STAKE - 1);
        skip(1);
        stake(1);
        skip(1);
        stake(20e6);
        lock(6e6);
        release(1e6);
        forfeit(1e6);
        unstake(19e6);
        skip(1);
        slash(1e6);
        stake(1e6 - 1);
        stake(1);
        slash(1e6);
        ban();
        slash(1e6);
        unban();
        stake(2e6);
        lock(10e6);
        slash(1e6);
        release(10e6);
        unban();
        unstake(19e6);
        ban();

        assertEq(replayed[AGENT].completions, 2);
        assertEq(replayed[AGENT].slashes, 4);
    }
}
