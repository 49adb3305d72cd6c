// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ClaimSigner} from "../support/ClaimSigner.sol";
import {BurningWallet, HungryWallet, ScriptedWallet} from "../support/ContractWallets.sol";
import {RelayedMarketTest} from "../support/RelayedMarketTest.sol";
import {Vm} from "../support/Vm.sol";

contract BountyMarketBatchTest is RelayedMarketTest, ClaimSigner {
    uint256 private constant ITEM_GAS = 250_000;

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
            _assertBounty(claims[i].bountyId, _claimed(IBountyMarket.State.CLAIMED, START));
        }
    }

    function test_GivenRelayer_UnsignedClaimsAreClaimedToo() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](2);
        claims[0] = _unsignedClaim(_post());
        claims[1] = _signedClaim(_post());
        vm.prank(relayer);
        _assertResults(market.claimBatch(claims), 3, 2);
        _assertState(claims[0].bountyId, IBountyMarket.State.CLAIMED);
        _assertState(claims[1].bountyId, IBountyMarket.State.CLAIMED);
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
        _assertState(claims[0].bountyId, IBountyMarket.State.OPEN);
    }

    function test_AFailedClaimFailsNoOther() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](8);
        claims[0] = _unsignedClaim(99);
        claims[1] = _unsignedClaim(_post());
        claims[2] = _unsignedClaim(claims[1].bountyId);
        claims[3] = _signedClaim(_post());
        claims[3].deadline = START - 1;
        claims[4] = _signedClaim(_post());
        claims[4].deadline += 1;
        claims[5] = _unsignedClaim(_post());
        claims[5].agentId = 2;
        claims[6] = _unsignedClaim(_post());
        claims[6].wallet = stranger;
        claims[7] = _unsignedClaim(_post());

        _expectRefused(claims[0], abi.encodeWithSelector(IBountyMarket.BountyNotFound.selector, 99));
        _expectEvent();
        emit IBountyMarket.BountyClaimed(claims[1].bountyId, AGENT, wallet, LOCK, 1, START + 7 days);
        _expectRefused(
            claims[2],
            abi.encodeWithSelector(
                IBountyMarket.BountyNotOpen.selector, claims[1].bountyId, IBountyMarket.State.CLAIMED
            )
        );
        _expectRefused(claims[3], abi.encodeWithSelector(IBountyMarket.SignatureExpired.selector, START - 1, START));
        _expectRefused(
            claims[4], abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, claims[4].bountyId, wallet, 1)
        );
        _expectRefused(claims[5], abi.encodeWithSelector(IBountyMarket.AgentNotFound.selector, 2));
        _expectRefused(
            claims[6], abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, AGENT, stranger, wallet)
        );
        _expectEvent();
        emit IBountyMarket.BountyClaimed(claims[7].bountyId, AGENT, wallet, LOCK, 1, START + 7 days);
        vm.recordLogs();
        vm.prank(relayer);
        _assertResults(market.claimBatch(claims), 1 << 1 | 1 << 7, 8);
        assertEq(_countMarketEvents(), 8);
        _assertStake(STAKE, 2 * LOCK);
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

    function test_GivenWalletThatBurnsGas_OnlyItsOwnClaimIsRefused() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](2);
        claims[0] = _unsignedClaim(_post());
        claims[0].wallet = address(new BurningWallet());
        claims[0].deadline = START;
        claims[0].signature = "any";
        claims[1] = _unsignedClaim(_post());
        _expectRefused(
            claims[0],
            abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, claims[0].bountyId, claims[0].wallet, 1)
        );
        vm.prank(relayer);
        _assertResults(market.claimBatch{gas: 2 * ITEM_GAS + 100_000}(claims), 2, 2);
    }

    function test_GivenOversizedSignature_OnlyItsOwnClaimIsRefused() public {
        address safe = address(new ScriptedWallet(abi.encode(IERC1271.isValidSignature.selector), false));
        vm.prank(owner);
        registry.transferFrom(owner, safe, AGENT);
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

    /// @dev A wallet that needs nearly all of an item's gas, within a hundred units, is never refused for lack of gas.
    function test_WhenGasRunsShort_NoItemIsTriedWithLessThanItsDue() public {
        HungryWallet hungry = new HungryWallet();
        vm.prank(owner);
        registry.transferFrom(owner, address(hungry), AGENT);
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](1);
        claims[0] = IBountyMarket.Claim(_post(), AGENT, address(hungry), START, "any");
        _claimedWith(1_000_000, claims);

        uint256 appetite = ITEM_GAS;
        hungry.setAppetite(appetite);
        while (!_claimedWith(1_000_000, claims)) {
            appetite -= 100;
            hungry.setAppetite(appetite);
        }
        assertGt(appetite, 200_000, "most of its gas is the wallet's");
        uint256 claimed = 0;
        for (uint256 gas = 230_000; gas <= 330_000; gas += 211) {
            vm.recordLogs();
            if (_claimedWith(gas, claims)) ++claimed;
            else assertEq(_countMarketEvents(), 0, "refused for want of gas");
        }
        assertGt(claimed, 0, "some amount of gas is enough");
    }

    /// @dev However many results there are, the last item that is tried leaves enough gas to return them.
    function test_GivenLongBatch_WhenGasRunsShort_ItReturns() public {
        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](400);
        claims[0] = IBountyMarket.Claim(_post(), AGENT, address(new BurningWallet()), START, "any");
        bool[2] memory seen;
        for (uint256 gas = 250_000; gas <= 450_000; gas += 1009) {
            vm.recordLogs();
            IBountyMarket.ItemResult[] memory results = market.claimBatch{gas: gas}(claims);
            assertEq(results.length, 400);
            uint256 tried = _countMarketEvents();
            bool refused = results[0] == IBountyMarket.ItemResult.REFUSED;
            assertEq(refused, tried > 0, "the first item's result");
            assertEq(uint256(results[399]), uint256(IBountyMarket.ItemResult.UNTRIED), "the last item's result");
            seen[tried == 0 ? 0 : 1] = true;
        }
        assertTrue(seen[0] && seen[1], "stopped before and after the first item");
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

    function test_RevertGiven_AnotherCaller_WhenItemIsTriedFromOutside() public {
        uint256 bountyId = _post();
        address[5] memory callers = [stranger, relayer, wallet, address(1), address(type(uint160).max)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NotSelf.selector, callers[i]));
            vm.prank(callers[i]);
            market.claimInBatch(bountyId, AGENT, wallet, 0, "", relayer);
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
            _assertState(claims[i].bountyId, made ? IBountyMarket.State.CLAIMED : IBountyMarket.State.OPEN);
        }
        assertTrue(vm.revertToStateAndDelete(snapshot));
    }

    function _claimedWith(uint256 gas, IBountyMarket.Claim[] memory claims) private returns (bool claimed) {
        uint256 snapshot = vm.snapshotState();
        claimed = market.claimBatch{gas: gas}(claims)[0] == IBountyMarket.ItemResult.MADE;
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
