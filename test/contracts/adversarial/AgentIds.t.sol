// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {AnsweringRegistry} from "./support/HostileRegistries.sol";
import {SignedClaims} from "./support/SignedClaims.sol";

/// @notice The smallest and the largest agent ids. A bounty stores 40 bits of an id.
contract AgentIdsTest is SignedClaims {
    uint256 private constant TOO_LARGE = 1 << 40;

    uint256 private bountyId;

    function setUp() public override {
        super.setUp();
        bountyId = _post();
    }

    function test_RevertGiven_AgentZeroOfOurRegistry_NobodyHasIt() public {
        _assertNotFound(0);
    }

    function test_RevertGiven_AgentNotYetRegistered() public {
        _assertNotFound(2);
    }

    function test_RevertGiven_RegistryThatNamesTheWalletForAnyId_TooLargeIsNotFound() public {
        _knowEveryId();
        _assertNotFound(TOO_LARGE);
        _assertNotFound(TOO_LARGE + AGENT);
        _assertNotFound(type(uint256).max);
    }

    function test_GivenRegistryThatHasEveryId_TheSmallestAndTheLargestThatFitsLiveTheirWholeLife() public {
        _knowEveryId();
        uint256[2] memory agentIds = [uint256(0), TOO_LARGE - 1];
        for (uint256 i = 0; i < agentIds.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            _assertLife(agentIds[i]);
            vm.revertToStateAndDelete(snapshot);
        }
    }

    /// @dev A claim of agent 0 is distinguished from no claim by its wallet.
    function test_GivenClaimByAgentZero_WhenSlashed_ItIsCleared() public {
        _knowEveryId();
        _stakeAs(0);
        vm.prank(wallet);
        market.claimBounty(bountyId, 0);
        assertEq(market.getBounty(bountyId).wallet, wallet);
        skip(7 days + 1);
        _slashExpired(bountyId);
        assertEq(market.getBounty(bountyId).wallet, address(0));
        (uint256 staked,,,, uint256 slashes,,) = staking.accountOf(0);
        assertEq(staked, 20e6 - LOCK);
        assertEq(slashes, 1);
    }

    /// @dev Stake under an id that can never claim can be withdrawn.
    function test_GivenRegistryThatHasEveryId_StakeOfATooLargeIdIsNotLost() public {
        _knowEveryId();
        _stakeAs(TOO_LARGE + AGENT);
        _assertStake(STAKE, 0);
        vm.prank(wallet);
        staking.unstake(TOO_LARGE + AGENT, 20e6);
        assertEq(usdc.balanceOf(wallet), 20e6);
    }

    function _assertLife(uint256 agentId) private {
        _stakeAs(agentId);
        ClaimMessage memory message = _message(bountyId);
        message.agentId = agentId;
        _bring(message, _sign(message));
        assertEq(market.getBounty(bountyId).agentId, agentId);
        _submit(bountyId);
        vm.expectEmit(address(staking));
        emit IAgentStaking.RunCompleted(agentId, bountyId, REWARD, 1);
        _approve(bountyId);
        assertEq(usdc.balanceOf(wallet), REWARD);
        _assertStake(STAKE, 0);
    }

    function _assertNotFound(uint256 agentId) private {
        bytes memory reason = abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, agentId);
        ClaimMessage memory message = _message(bountyId);
        message.agentId = agentId;
        bytes memory signature = _sign(message);

        vm.expectRevert(reason);
        market.checkClaim(bountyId, agentId, wallet);
        vm.expectRevert(reason);
        vm.prank(wallet);
        market.claimBounty(bountyId, agentId);
        vm.expectRevert(reason);
        _bring(message, signature);
    }

    function _stakeAs(uint256 agentId) private {
        _stakeAs(wallet, agentId, 20e6);
    }

    function _knowEveryId() private {
        bytes32 word = bytes32(uint256(uint160(wallet)));
        vm.etch(address(registry), address(new AnsweringRegistry(word, 32)).code);
    }
}
