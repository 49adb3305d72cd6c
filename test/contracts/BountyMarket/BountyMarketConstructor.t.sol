// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract BountyMarketConstructorTest is BountyMarketTest {
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

    function _relayers() private view returns (address[] memory relayers) {
        relayers = new address[](2);
        (relayers[0], relayers[1]) = (relayer, relayer2);
    }

    function _expectZeroAddress() private {
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.ZeroAddress.selector));
    }
}
