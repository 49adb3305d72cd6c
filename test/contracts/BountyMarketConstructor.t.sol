// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {BountyMarket} from "../../contracts/BountyMarket.sol";
import {IBountyMarket} from "../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "./support/BountyMarketTest.sol";

contract BountyMarketConstructorTest is BountyMarketTest {
    bytes32 private constant RELAYER_ROLE = keccak256("RELAYER_ROLE");

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
        assertEq(market.CLAIM_TIMEOUT(), 604_800);
        assertEq(market.REVIEW_PERIOD(), 604_800);
        assertEq(market.MAX_REVISIONS(), 3);
        assertEq(market.MIN_REWARD(), 10_000);
        assertEq(market.MAX_REWARD(), 1_000_000_000_000_000);
        assertEq(market.MAX_DEADLINE(), 31_536_000);
        assertEq(market.RELAYER_ROLE(), RELAYER_ROLE);
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
        new BountyMarket(address(0), address(registry), treasury, admin, new address[](0));
        _expectZeroAddress();
        new BountyMarket(address(usdc), address(0), treasury, admin, new address[](0));
        _expectZeroAddress();
        new BountyMarket(address(usdc), address(registry), address(0), admin, new address[](0));
        _expectZeroAddress();
        new BountyMarket(address(usdc), address(registry), treasury, address(0), new address[](0));
    }

    function test_RevertWhen_ARelayerIsZero() public {
        address[] memory relayers = new address[](2);
        relayers[0] = relayer;
        _expectZeroAddress();
        new BountyMarket(address(usdc), address(registry), treasury, admin, relayers);
    }

    function test_GivenDevnet_RelayersHoldTheRole() public {
        address expected = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectEmit(expected);
        emit IAccessControl.RoleGranted(RELAYER_ROLE, relayer, address(this));
        vm.expectEmit(expected);
        emit IAccessControl.RoleGranted(RELAYER_ROLE, relayer2, address(this));
        _deployMarket(_relayers());

        assertTrue(market.hasRole(RELAYER_ROLE, relayer));
        assertTrue(market.hasRole(RELAYER_ROLE, relayer2));
        assertFalse(market.hasRole(RELAYER_ROLE, address(this)));
        assertFalse(market.hasRole(RELAYER_ROLE, stranger));
    }

    function test_RevertGiven_AnotherChain_WhenARelayerIsNamed() public {
        vm.chainId(8453);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.RelayersNotAllowed.selector, 8453, 31_337));
        new BountyMarket(address(usdc), address(registry), treasury, admin, _relayers());
    }

    function test_GivenAnotherChain_WhenNoRelayerIsNamed_NobodyHoldsTheRole() public {
        vm.chainId(8453);
        _deployMarket(new address[](0));
        assertFalse(market.hasRole(RELAYER_ROLE, address(this)));
        assertFalse(market.hasRole(RELAYER_ROLE, address(market)));
    }

    function test_NobodyCanNameARelayerLater() public {
        _deployMarket(_relayers());
        bytes32 adminRole = market.getRoleAdmin(RELAYER_ROLE);
        assertEq(adminRole, bytes32(0));
        address[5] memory callers = [address(this), relayer, admin, treasury, address(market)];
        for (uint256 i = 0; i < callers.length; ++i) {
            assertFalse(market.hasRole(adminRole, callers[i]));
            _expectUnauthorized(callers[i], adminRole);
            vm.prank(callers[i]);
            market.grantRole(RELAYER_ROLE, stranger);
            _expectUnauthorized(callers[i], adminRole);
            vm.prank(callers[i]);
            market.revokeRole(RELAYER_ROLE, relayer);
        }
    }

    function test_ARelayerCanStepDown() public {
        _deployMarket(_relayers());
        vm.expectEmit(address(market));
        emit IAccessControl.RoleRevoked(RELAYER_ROLE, relayer, relayer);
        vm.prank(relayer);
        market.renounceRole(RELAYER_ROLE, relayer);
        assertFalse(market.hasRole(RELAYER_ROLE, relayer));
    }

    function _relayers() private view returns (address[] memory relayers) {
        relayers = new address[](2);
        (relayers[0], relayers[1]) = (relayer, relayer2);
    }

    function _expectZeroAddress() private {
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.ZeroAddress.selector));
    }

    function _expectUnauthorized(address caller, bytes32 role) private {
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, role));
    }
}
