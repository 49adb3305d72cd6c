// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BurningWallet, KeyedWallet, PlainCode} from "../support/ContractWallets.sol";
import {BombWallet, FickleWallet} from "./support/HostileWallets.sol";
import {SignedClaims} from "./support/SignedClaims.sol";

/// @notice Wallets with code: EIP-7702 accounts, and contracts that answer ERC-1271 arbitrarily.
contract ContractWalletSignaturesTest is SignedClaims {
    uint256 private constant BOMB = 204_800;
    /// @dev The gas for expanding memory to BOMB bytes: 3 per word, and words² / 512.
    uint256 private constant BOMB_GAS = 3 * 6400 + 6400 ** 2 / 512;

    uint256 private bountyId;

    function setUp() public override {
        super.setUp();
        bountyId = _post();
    }

    function test_GivenEIP7702DelegateWithoutERC1271_ItsOwnKeySigns() public {
        vm.signAndAttachDelegation(address(new PlainCode()), walletKey);
        _bring(_message(bountyId), _sign(_message(bountyId)));
        assertEq(wallet.code.length, 23, "still delegated");
        _assertState(bountyId, CLAIMED);
    }

    function test_GivenEIP7702DelegateThatDenies_ItsOwnKeySigns() public {
        FickleWallet delegate = new FickleWallet();
        vm.signAndAttachDelegation(address(delegate), walletKey);
        // The account's own storage has no `signs`, so the delegate's code refuses.
        assertEq(bytes32(FickleWallet(wallet).isValidSignature("", "")), bytes32(bytes4(0xffffffff)));
        _bring(_message(bountyId), _sign(_message(bountyId)));
        _assertState(bountyId, CLAIMED);
    }

    function test_GivenEIP7702DelegateWithERC1271_ItsSessionKeySigns() public {
        (address session, uint256 sessionKey) = makeAddrAndKey("session");
        vm.signAndAttachDelegation(address(new KeyedWallet(session)), walletKey);
        _bring(_message(bountyId), sign(sessionKey, claimDigest(address(market), _message(bountyId))));
        _assertState(bountyId, CLAIMED);
    }

    function test_RevertGiven_EIP7702DelegateWithoutERC1271_AnotherKeySigns() public {
        (, uint256 otherKey) = makeAddrAndKey("other");
        vm.signAndAttachDelegation(address(new PlainCode()), walletKey);
        ClaimMessage memory message = _message(bountyId);
        bytes memory signature = sign(otherKey, claimDigest(address(market), message));
        _expectInvalid(bountyId, wallet, 1);
        _bring(message, signature);
    }

    function test_GivenERC1271Wallet_ASignatureOfOneByteHolds() public {
        _giveAgentTo(address(new FickleWallet()));
        _bring(_message(bountyId), "!");
        _assertState(bountyId, CLAIMED);
    }

    function test_RevertGiven_ERC1271WalletThatTurnedFalse() public {
        FickleWallet fickle = new FickleWallet();
        _giveAgentTo(address(fickle));
        fickle.changeMind();
        _assertRefused();
    }

    /// @dev The wallet pays for the bomb's memory once: the market does not copy it.
    function test_RevertGiven_WalletThatReturnsABomb_ItIsNotCopied() public {
        _giveAgentTo(address(new BombWallet(bytes32(0), BOMB, false)));
        _assertRefusedWithinOneBomb();
    }

    function test_RevertGiven_WalletThatRevertsWithABomb_ItIsNotCopied() public {
        _giveAgentTo(address(new BombWallet(bytes32(IERC1271.isValidSignature.selector), BOMB, true)));
        _assertRefusedWithinOneBomb();
    }

    /// @dev Only the first word of the answer counts.
    function test_GivenBombThatBeginsWithTheMagicValue_ItSigns() public {
        _giveAgentTo(address(new BombWallet(bytes32(IERC1271.isValidSignature.selector), BOMB, false)));
        _bring(_message(bountyId), "any");
        _assertState(bountyId, CLAIMED);
    }

    function test_RevertGiven_WalletThatBurnsGas_TheRestIsEnoughToSayWhy() public {
        _giveAgentTo(address(new BurningWallet()));
        _expectInvalid(bountyId, wallet, 1);
        market.claimBountyWithSig{gas: 500_000}(bountyId, AGENT, wallet, START + 1 hours, "any");
    }

    function _assertRefused() private {
        ClaimMessage memory message = _message(bountyId);
        _expectInvalid(bountyId, wallet, 1);
        _bring(message, "any");
    }

    function _assertRefusedWithinOneBomb() private {
        uint256 gasBefore = gasleft();
        try market.claimBountyWithSig(bountyId, AGENT, wallet, START + 1 hours, "any") {
            revert("claimed");
        } catch (bytes memory reason) {
            assertLt(gasBefore - gasleft(), BOMB_GAS * 3 / 2, "gas");
            assertEq(
                reason, abi.encodeWithSelector(IBountyMarket.InvalidSignature.selector, bountyId, wallet, 1), "reason"
            );
        }
    }
}
