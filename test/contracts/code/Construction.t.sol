// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract ConstructionTest is BountyMarketTest {
    address private relayer = makeAddr("relayer");
    address private relayer2 = makeAddr("relayer 2");

    function test_LinksNeverMove() public view {
        assertEq(market.USDC(), address(usdc));
        assertEq(market.REGISTRY(), address(registry));
        assertEq(market.TREASURY(), treasury);
        assertEq(market.STAKING(), vm.computeCreateAddress(address(market), 1));
    }

    function test_StakingIsTheMarketsOwn() public view {
        assertEq(staking.MARKET(), address(market));
        assertEq(staking.USDC(), address(usdc));
        assertEq(staking.REGISTRY(), address(registry));
        assertEq(staking.owner(), admin);
    }

    function test_TermsAreTheDesigns() public view {
        assertEq(market.FEE_BPS(), 500);
        assertEq(market.LOCK_BPS(), 1000);
        assertEq(market.DEFAULT_WORK_PERIOD(), 604_800);
        assertEq(market.REVIEW_PERIOD(), 604_800);
        assertEq(market.GRACE_PERIOD(), 604_800);
        assertEq(market.BURN(), 0x000000000000000000000000000000000000dEaD);
        assertEq(market.MAX_REVISIONS(), 3);
        assertEq(market.MIN_REWARD(), 10_000);
        assertEq(market.MAX_REWARD(), 1_000_000_000_000_000);
        assertEq(market.MAX_DEADLINE(), 31_536_000);
    }

    function test_ClaimDomainIsTheDesigns() public view {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract,,) =
            market.eip712Domain();
        assertEq(name, "BountyMarket");
        assertEq(version, "1");
        assertEq(chainId, 31_337);
        assertEq(verifyingContract, address(market));
    }

    function test_NothingExistsYet() public view {
        assertEq(market.bountyCount(), 0);
        assertEq(market.owed(treasury), 0);
        IBountyMarket.Bounty memory none;
        _assertBounty(0, none);
        _assertBounty(1, none);
        _assertBounty(type(uint256).max, none);
    }

    function test_RevertWhen_AnyLinkIsZero() public {
        _expectZeroAddress();
        new BountyMarket(address(0), address(registry), treasury, admin, MAX_REWARD, new address[](0));
        _expectZeroAddress();
        new BountyMarket(address(usdc), address(0), treasury, admin, MAX_REWARD, new address[](0));
        _expectZeroAddress();
        new BountyMarket(address(usdc), address(registry), address(0), admin, MAX_REWARD, new address[](0));
        _expectZeroAddress();
        new BountyMarket(address(usdc), address(registry), treasury, address(0), MAX_REWARD, new address[](0));
    }

    /// @dev None of these can send on what it receives, nor ban an agent. The market and its staking contract have the
    /// addresses that this contract's next contract and the first of that one get.
    function test_RevertWhen_TheTreasuryOrTheStakingOwnerCannotAct() public {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        address[5] memory passive = [next, vm.computeCreateAddress(next, 1), address(usdc), address(registry), BURN];
        for (uint256 i = 0; i < passive.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidTreasury.selector, passive[i]));
            new BountyMarket(address(usdc), address(registry), passive[i], admin, MAX_REWARD, new address[](0));
            vm.revertToState(snapshot);
            vm.expectRevert(abi.encodeWithSelector(IBountyMarket.InvalidStakingOwner.selector, passive[i]));
            new BountyMarket(address(usdc), address(registry), treasury, passive[i], MAX_REWARD, new address[](0));
            vm.revertToStateAndDelete(snapshot);
        }
    }

    function test_GivenAMaximumReward_NoBountyExceedsIt() public {
        uint256[3] memory maxima = [uint256(10_000), 1000e6, MAX_REWARD];
        for (uint256 i = 0; i < maxima.length; ++i) {
            market = new BountyMarket(address(usdc), address(registry), treasury, admin, maxima[i], new address[](0));
            assertEq(market.MAX_REWARD(), maxima[i]);
            market.createBounty(WORK, maxima[i], DEADLINE, terms);
            vm.expectRevert(
                abi.encodeWithSelector(IBountyMarket.RewardOutOfRange.selector, maxima[i] + 1, 10_000, maxima[i])
            );
            market.createBounty(WORK, maxima[i] + 1, DEADLINE, terms);
        }
    }

    function test_RevertWhen_TheMaximumRewardIsOutOfRange() public {
        uint256[3] memory maxima = [uint256(10_000 - 1), MAX_REWARD + 1, type(uint256).max];
        for (uint256 i = 0; i < maxima.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IBountyMarket.RewardOutOfRange.selector, maxima[i], 10_000, MAX_REWARD)
            );
            new BountyMarket(address(usdc), address(registry), treasury, admin, maxima[i], new address[](0));
        }
    }

    function test_RevertWhen_ARelayerIsZero() public {
        address[] memory relayers = new address[](2);
        relayers[0] = relayer;
        _expectZeroAddress();
        new BountyMarket(address(usdc), address(registry), treasury, admin, MAX_REWARD, relayers);
    }

    function test_GivenDevnet_TheNamedAreRelayers() public {
        _deployMarket(_relayers());
        assertTrue(market.isRelayer(relayer));
        assertTrue(market.isRelayer(relayer2));
        assertFalse(market.isRelayer(address(this)));
        assertFalse(market.isRelayer(stranger));
    }

    function test_RevertGiven_AnotherChain_WhenARelayerIsNamed() public {
        vm.chainId(8453);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.RelayersNotAllowed.selector, 8453, 31_337));
        new BountyMarket(address(usdc), address(registry), treasury, admin, MAX_REWARD, _relayers());
    }

    function test_GivenAnotherChain_WhenNoRelayerIsNamed_NoAccountIsOne() public {
        vm.chainId(8453);
        _deployMarket(new address[](0));
        assertFalse(market.isRelayer(address(this)));
        assertFalse(market.isRelayer(address(market)));
    }

    /// @dev The matrix's row for every call shows that no call adds a relayer.
    function test_TheMarketHasNoRoles() public {
        (bool hasRoles,) =
            address(market).call(abi.encodeWithSignature("grantRole(bytes32,address)", bytes32(0), relayer));
        assertFalse(hasRoles);
    }

    function test_AnyTreasuryThatCanSpendIsAccepted() public {
        address[2] memory ends = [address(0x1000), address(type(uint160).max)];
        for (uint256 i = 0; i < ends.length; ++i) {
            market = new BountyMarket(address(usdc), address(registry), ends[i], ends[i], MAX_REWARD, new address[](0));
            assertEq(market.TREASURY(), ends[i]);
        }
    }

    function _relayers() private view returns (address[] memory relayers) {
        relayers = new address[](2);
        (relayers[0], relayers[1]) = (relayer, relayer2);
    }

    function _expectZeroAddress() private {
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.ZeroAddress.selector));
    }
}
