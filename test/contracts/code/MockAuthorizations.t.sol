// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockUSDC} from "../../../contracts/mocks/MockUSDC.sol";
import {MockAuthorizations} from "../../../contracts/mocks/MockAuthorizations.sol";
import {AuthorizationSigner} from "../support/AuthorizationSigner.sol";
import {KeyedWallet} from "../support/ContractWallets.sol";
import {Test} from "../support/Test.sol";

/// @notice Alice signs a payment to Bob, who takes it.
contract MockAuthorizationsTest is Test, AuthorizationSigner {
    uint256 private constant NOW = 1_750_000_000;

    MockUSDC private usdc;
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");

    function setUp() public {
        vm.warp(NOW);
        usdc = new MockUSDC();
        usdc.mint(alice, 100e6);
    }

    function test_GivenSignature_ThePayeeTakesThePayment() public {
        Authorization memory authorization = _authorization();
        bytes memory signature = _sign(authorization);
        vm.expectEmit(address(usdc));
        emit MockAuthorizations.AuthorizationUsed(alice, "nonce");
        _take(authorization, signature);
        assertEq(usdc.balanceOf(alice), 60e6);
        assertEq(usdc.balanceOf(bob), 40e6);
        assertTrue(usdc.authorizationState(alice, "nonce"));
        assertFalse(usdc.authorizationState(alice, "another"));
    }

    function test_GivenAContractThatPays_ItsERC1271SignatureHolds() public {
        address safe = address(new KeyedWallet(alice));
        usdc.mint(safe, 40e6);
        Authorization memory authorization = _authorization();
        authorization.from = safe;
        _take(authorization, _sign(authorization));
        assertEq(usdc.balanceOf(safe), 0);
    }

    function test_RevertGiven_UsedNonce() public {
        Authorization memory authorization = _authorization();
        _take(authorization, _sign(authorization));
        authorization.value = 1;
        bytes memory signature = _sign(authorization);
        vm.expectRevert("FiatTokenV2: authorization is used or canceled");
        _take(authorization, signature);
    }

    function test_RevertGiven_AnotherCaller() public {
        Authorization memory authorization = _authorization();
        bytes memory signature = _sign(authorization);
        vm.expectRevert("FiatTokenV2: caller must be the payee");
        vm.prank(alice);
        usdc.receiveWithAuthorization(alice, bob, 40e6, NOW - 1, NOW + 1, "nonce", signature);
    }

    function test_RevertGiven_AtEitherBound() public {
        Authorization memory authorization = _authorization();
        bytes memory signature = _sign(authorization);
        vm.warp(NOW - 1);
        vm.expectRevert("FiatTokenV2: authorization is not yet valid");
        _take(authorization, signature);
        vm.warp(NOW + 1);
        vm.expectRevert("FiatTokenV2: authorization is expired");
        _take(authorization, signature);
    }

    function test_RevertGiven_SignatureOfAnotherPayment() public {
        for (uint256 fault = 0; fault < 5; ++fault) {
            Authorization memory authorization = _authorization();
            if (fault == 0) authorization.from = bob;
            if (fault == 1) authorization.value += 1;
            if (fault == 2) authorization.validAfter -= 1;
            if (fault == 3) authorization.validBefore += 1;
            if (fault == 4) authorization.nonce = "another";
            bytes memory signature = _sign(_authorization());
            vm.expectRevert("FiatTokenV2: invalid signature");
            _take(authorization, signature);
        }
    }

    function test_RevertGiven_BlacklistedPartyOrAPause() public {
        Authorization memory authorization = _authorization();
        bytes memory signature = _sign(authorization);
        address[2] memory parties = [alice, bob];
        for (uint256 i = 0; i < parties.length; ++i) {
            usdc.blacklist(parties[i]);
            vm.expectRevert("Blacklistable: account is blacklisted");
            _take(authorization, signature);
            usdc.unBlacklist(parties[i]);
        }
        usdc.pause();
        vm.expectRevert("Pausable: paused");
        _take(authorization, signature);
    }

    /// @dev The domain can be read from the token, as from Circle's.
    function test_DomainIsTheTokensNameAndVersion() public view {
        assertEq(usdc.version(), "2");
        bytes32 typeHash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain =
            keccak256(abi.encode(typeHash, keccak256("USD Coin"), keccak256("2"), block.chainid, address(usdc)));
        assertEq(usdc.DOMAIN_SEPARATOR(), domain);
    }

    function _authorization() private view returns (Authorization memory) {
        return Authorization(alice, bob, 40e6, NOW - 1, NOW + 1, "nonce");
    }

    function _sign(Authorization memory authorization) private view returns (bytes memory) {
        return sign(keyNamed("alice"), authorizationDigest(usdc, authorization));
    }

    function _take(Authorization memory a, bytes memory signature) private {
        vm.prank(bob);
        usdc.receiveWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, signature);
    }
}
