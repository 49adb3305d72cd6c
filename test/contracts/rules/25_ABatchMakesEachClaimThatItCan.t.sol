// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ClaimSigner} from "../support/ClaimSigner.sol";
import {BurningWallet, ScriptedWallet} from "../support/ContractWallets.sol";
import {RelayedMarketTest} from "../support/RelayedMarketTest.sol";
import {Vm} from "../support/Vm.sol";

contract ABatchMakesEachClaimThatItCan is RelayedMarketTest, ClaimSigner {
    function test_GivenSignedClaims_AnyoneClaimsThemAll() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](3);
        for (uint256 i = 0; i < claims.length; ++i) {
            claims[i] = _signedClaim(_post());
        }
        for (uint256 i = 0; i < claims.length; ++i) {
            _expectEvent();
            emit IBountyMarket.BountyClaimed(claims[i].bountyId, AGENT, wallet, LOCK, 1, START + 7 days);
            vm.expectEmit(address(staking));
            emit IAgentStaking.StakeLocked(AGENT, claims[i].bountyId, LOCK, (i + 1) * LOCK);
        }
        vm.prank(stranger);
        _assertResults(market.claimBatch(claims), 7, 3);
        for (uint256 i = 0; i < claims.length; ++i) {
            _assertBounty(claims[i].bountyId, _claimed(CLAIMED, START));
        }
    }

    function test_GivenRelayer_UnsignedClaimsAreClaimedToo() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](2);
        claims[0] = _unsignedClaim(_post());
        claims[1] = _signedClaim(_post());
        vm.prank(relayer);
        _assertResults(market.claimBatch(claims), 3, 2);
        _assertState(claims[0].bountyId, CLAIMED);
        _assertState(claims[1].bountyId, CLAIMED);
    }

    function test_GivenStranger_UnsignedClaimIsRefusedAlone() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](2);
        claims[0] = _unsignedClaim(_post());
        claims[1] = _signedClaim(_post());
        _expectRefused(claims[0], abi.encodeWithSelector(IBountyMarket.NotRelayer.selector, stranger));
        _expectEvent();
        emit IBountyMarket.BountyClaimed(claims[1].bountyId, AGENT, wallet, LOCK, 1, START + 7 days);
        vm.recordLogs();
        vm.prank(stranger);
        _assertResults(market.claimBatch(claims), 2, 2);
        assertEq(_countMarketEvents(), 2);
        _assertState(claims[0].bountyId, OPEN);
    }

    function test_GivenTooLittleStake_LaterClaimsAreRefused() public {
        vm.prank(owner);
        staking.unstake(AGENT, STAKE - 25e6);
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](3);
        for (uint256 i = 0; i < claims.length; ++i) {
            claims[i] = _unsignedClaim(_post());
        }
        _expectRefused(
            claims[2], abi.encodeWithSelector(IAgentStaking.InsufficientUnlockedStake.selector, AGENT, 5e6, 10e6)
        );
        vm.prank(relayer);
        _assertResults(market.claimBatch(claims), 3, 3);
        _assertStake(25e6, 20e6);
    }

    function test_WhenEmpty_NothingHappens() public {
        vm.recordLogs();
        vm.prank(relayer);
        _assertResults(market.claimBatch(new IBountyMarket.Claim[](0)), 0, 0);
        assertEq(_countMarketEvents(), 0);
    }

    function test_GivenOversizedSignature_OnlyItsOwnClaimIsRefused() public {
        address safe = address(new ScriptedWallet(abi.encode(IERC1271.isValidSignature.selector), false));
        _sell(safe);
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](3);
        for (uint256 i = 0; i < claims.length; ++i) {
            claims[i] = IBountyMarket.Claim(_post(), AGENT, safe, START, new bytes(8192));
        }
        claims[0].signature = new bytes(100_000);
        claims[1].signature = new bytes(8193);
        for (uint256 i = 0; i < 2; ++i) {
            _expectRefused(
                claims[i], abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, claims[i].bountyId, safe, 1)
            );
        }
        vm.prank(stranger);
        _assertResults(market.claimBatch(claims), 4, 3);
    }

    /// @dev At every amount of gas, an item is either tried, and the batch returns, or is not touched.
    function test_WhenGasRunsShort_BatchStopsAndReturns() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](4);
        address burning = address(new BurningWallet());
        for (uint256 i = 0; i < claims.length; ++i) {
            claims[i] = _unsignedClaim(_post());
        }
        // Between two claims that succeed, one that uses all the gas it gets.
        claims[1] = IBountyMarket.Claim(claims[1].bountyId, AGENT, burning, START, "any");

        bool[5] memory seen;
        for (uint256 gas = 250_000; gas <= 900_000; gas += 1009) {
            seen[_tryWith(gas, claims)] = true;
        }
        for (uint256 i = 0; i < seen.length; ++i) {
            assertTrue(seen[i], "each prefix of the batch was seen");
        }
    }

    /// @dev Returns how many items were tried, after checking that those, and only those, were tried in full.
    function _tryWith(uint256 gas, IBountyMarket.Claim[] memory claims) private returns (uint256 tried) {
        uint256 snapshot = vm.snapshotState();
        vm.recordLogs();
        vm.prank(relayer);
        IBountyMarket.ItemResult[] memory results = market.claimBatch{gas: gas}(claims);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(market)) continue;
            bool refused = logs[i].topics[0] == IBountyMarket.ClaimRefused.selector;
            assertEq(refused, tried == 1, "only the burning item is refused");
            if (refused) assertEq(abi.decode(logs[i].data, (bytes)), _burnt(claims[1]), "reason");
            assertEq(uint256(logs[i].topics[1]), claims[tried].bountyId, "in order");
            ++tried;
        }
        for (uint256 i = 0; i < claims.length; ++i) {
            IBountyMarket.ItemResult expected = IBountyMarket.ItemResult.UNTRIED;
            if (i < tried) expected = i == 1 ? IBountyMarket.ItemResult.REFUSED : IBountyMarket.ItemResult.MADE;
            assertEq(uint256(results[i]), uint256(expected), "result");
            bool made = expected == IBountyMarket.ItemResult.MADE;
            _assertState(claims[i].bountyId, made ? CLAIMED : OPEN);
        }
        assertTrue(vm.revertToStateAndDelete(snapshot));
    }

    function _burnt(IBountyMarket.Claim memory item) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, item.bountyId, item.wallet, 1);
    }

    function _unsignedClaim(uint256 bountyId) private view returns (IBountyMarket.Claim memory) {
        return IBountyMarket.Claim(bountyId, AGENT, wallet, 0, "");
    }

    function _signedClaim(uint256 bountyId) private view returns (IBountyMarket.Claim memory claim) {
        claim = IBountyMarket.Claim(bountyId, AGENT, wallet, START + 10 minutes, "");
        ClaimMessage memory message =
            ClaimMessage(bountyId, AGENT, wallet, 1, REWARD, LOCK, 7 days, address(0), claim.deadline);
        claim.signature = sign(walletKey, claimDigest(address(market), message));
    }

    function _expectRefused(IBountyMarket.Claim memory item, bytes memory reason) private {
        _expectEvent();
        emit IBountyMarket.ClaimRefused(item.bountyId, item.agentId, item.wallet, reason);
    }

    /// @dev Every item was tried. `made` has one bit per item, the first lowest.
    function _assertResults(IBountyMarket.ItemResult[] memory results, uint256 made, uint256 length) private pure {
        assertEq(results.length, length, "results");
        for (uint256 i = 0; i < length; ++i) {
            bool isMade = made >> i & 1 == 1;
            IBountyMarket.ItemResult expected =
                isMade ? IBountyMarket.ItemResult.MADE : IBountyMarket.ItemResult.REFUSED;
            assertEq(uint256(results[i]), uint256(expected), "result");
        }
    }
}
