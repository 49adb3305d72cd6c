// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";
import {BurningRegistry} from "../support/Registries.sol";
import {AnsweringRegistry, RevertingRegistry} from "./support/HostileRegistries.sol";

/// @notice A registry that was upgraded to one that no longer has any agent, in several ways. Every test shows the
/// same: live runs continue and end, stake stays, and no new claim is made.
contract HostileRegistryTest is BountyMarketTest {
    uint256 private claimed;
    uint256 private submitted;
    uint256 private rejectable;
    uint256 private open;

    function setUp() public override {
        super.setUp();
        (claimed, submitted, rejectable, open) = (_postClaimed(), _postSubmitted(), _postRejectable(), _post());
    }

    function test_GivenRegistryThatReverts() public {
        _upgradeTo(address(new RevertingRegistry()));
        _assertRunsEndAndNoneBegins();
    }

    function test_GivenRegistryThatBurnsGas() public {
        _upgradeTo(address(new BurningRegistry()));
        _assertRunsEndAndNoneBegins();
    }

    function test_GivenRegistryWithoutCode() public {
        vm.etch(address(registry), "");
        _assertRunsEndAndNoneBegins();
    }

    function test_GivenRegistryThatAnswersNothing() public {
        _upgradeTo(address(new AnsweringRegistry(_word(wallet), 0)));
        _assertRunsEndAndNoneBegins();
    }

    function test_GivenRegistryThatAnswersAByteTooFew() public {
        _upgradeTo(address(new AnsweringRegistry(_word(wallet), 31)));
        _assertRunsEndAndNoneBegins();
    }

    /// @dev The wallet's bits are right, and a higher bit is set: truncated, the word would be the wallet.
    function test_GivenRegistryThatAnswersMoreThanAnAddress() public {
        uint256[2] memory higherBits = [uint256(1 << 160), 1 << 255];
        for (uint256 i = 0; i < higherBits.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _upgradeTo(address(new AnsweringRegistry(bytes32(uint256(_word(wallet)) | higherBits[i]), 32)));
            _assertRunsEndAndNoneBegins();
            vm.revertToStateAndDelete(snapshot);
        }
    }

    function test_GivenRegistryThatAnswersNobody() public {
        _upgradeTo(address(new AnsweringRegistry(bytes32(0), 32)));
        _assertRunsEndAndNoneBegins();
    }

    function test_GivenRegistryThatAnswersABombOfNobody() public {
        _upgradeTo(address(new AnsweringRegistry(bytes32(0), 200_000)));
        _assertRunsEndAndNoneBegins();
    }

    /// @dev A long answer is valid: ABI decoding also reads only the first word.
    function test_GivenRegistryThatAnswersABombOfTheWallet_ItIsNotCopied() public {
        _upgradeTo(address(new AnsweringRegistry(_word(wallet), 200_000)));
        uint256 gasBefore = gasleft();
        _claim(open);
        // The registry pays for 6250 words of memory, 94k gas, in the one call.
        assertLt(gasBefore - gasleft(), 250_000, "gas");
        _assertState(open, CLAIMED);
    }

    function _assertRunsEndAndNoneBegins() private {
        _assertNoneBegins();
        _assertStakeStays();
        _assertRunsEnd();
    }

    function _assertNoneBegins() private {
        bytes memory reason = abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, AGENT);
        address[3] memory callers = [wallet, owner, address(0)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(reason);
            market.checkClaim{gas: 1_000_000}(open, AGENT, callers[i]);
            vm.expectRevert(reason);
            vm.prank(callers[i]);
            market.claimBounty{gas: 1_000_000}(open, AGENT);
        }
    }

    function _assertStakeStays() private {
        bytes memory reason = abi.encodeWithSelector(IAgentStaking.AgentNotFound.selector, AGENT);
        vm.startPrank(owner);
        vm.expectRevert(reason);
        staking.stake{gas: 1_000_000}(AGENT, 1);
        vm.expectRevert(reason);
        staking.unstake{gas: 1_000_000}(AGENT, 1);
        vm.stopPrank();
        _assertStake(STAKE, 3 * LOCK);
    }

    function _assertRunsEnd() private {
        uint256 before = vm.snapshotState();
        _start(claimed);
        _submit(claimed);
        _requestRevision(claimed);
        _submit(claimed);
        _approve(claimed);
        _reject(rejectable);
        skip(7 days + 1);
        market.finalizeReview(submitted);
        _assertStake(STAKE - LOCK, 0);
        assertEq(usdc.balanceOf(wallet), 2 * REWARD);
        vm.revertToStateAndDelete(before);

        skip(7 days + 1);
        _slashExpired(claimed);
        _assertState(claimed, OPEN);
        _close(claimed);
        _assertState(claimed, DRAFT);
    }

    function _upgradeTo(address implementation) private {
        vm.etch(address(registry), implementation.code);
    }

    function _word(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
