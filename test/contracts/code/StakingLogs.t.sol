// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentStakingReplay} from "../support/AgentStakingReplay.sol";
import {UnstakeSigner} from "../support/UnstakeSigner.sol";

/// @notice Calls every function. After each step, the logs so far rebuild the account.
contract StakingLogsTest is AgentStakingReplay, UnstakeSigner {
    /// @dev Runs the step, then compares the account rebuilt from the logs with the contract's.
    modifier replays() {
        vm.recordLogs();
        _;
        _replayRecorded();
        _assertEq(_account(AGENT), replayed[AGENT]);
        assertEq(staking.nonceOf(AGENT), replayedNonces[AGENT], "nonceOf");
        assertEq(staking.unburned(), replayedUnburned, "unburned");
    }

    function stake(uint256 amount) private replays {
        _stake(amount);
    }

    function unstake(uint256 amount) private replays {
        _unstake(amount);
    }

    function unstakeSigned(uint256 amount) private replays {
        UnstakeMessage memory message =
            UnstakeMessage(AGENT, owner, amount, staking.nonceOf(AGENT), vm.getBlockTimestamp());
        bytes memory signature = sign(keyNamed("agent owner"), unstakeDigest(address(staking), message));
        staking.unstakeWithSig(AGENT, amount, owner, message.nonce, message.deadline, signature);
    }

    function burnDeferred() private replays {
        vm.prank(market);
        staking.burnDeferred();
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
        unstakeSigned(18e6);
        unstake(1e6);
        skip(1);
        usdc.pause();
        slash(1e6);
        usdc.unpause();
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
        burnDeferred();

        assertEq(replayed[AGENT].completions, 2);
        assertEq(replayed[AGENT].slashes, 3);
    }
}
