// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SignedClaims} from "./support/SignedClaims.sol";

/// @notice Other encodings of the same signature. Only one counts: r, s, v in 65 bytes with a low s.
contract SignatureFormsTest is SignedClaims {
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    ClaimMessage private message;
    uint8 private v;
    bytes32 private r;
    bytes32 private s;

    function setUp() public override {
        super.setUp();
        message = _message(_post());
        (v, r, s) = vm.sign(walletKey, claimDigest(address(market), message));
    }

    /// @dev Every signature has a twin with a high s.
    function test_RevertGiven_HighS() public {
        bytes32 highS = bytes32(CURVE_ORDER - uint256(s));
        _assertRefused(abi.encodePacked(r, highS, v == 27 ? uint8(28) : uint8(27)));
    }

    function test_RevertGiven_64BytesOfEIP2098() public {
        bytes32 yParityAndS = bytes32(uint256(v - 27) << 255 | uint256(s));
        _assertRefused(abi.encodePacked(r, yParityAndS));
    }

    function test_RevertGiven_VOfZeroOrOne() public {
        _assertRefused(abi.encodePacked(r, s, v - 27));
    }

    function test_RevertGiven_VOfEIP155() public {
        _assertRefused(abi.encodePacked(r, s, v + 10));
    }

    function test_RevertGiven_OneByteMore() public {
        _assertRefused(abi.encodePacked(r, s, v, uint8(0)));
    }

    function test_RevertGiven_NoByte() public {
        _assertRefused("");
    }

    function test_RevertGiven_ZeroBytes() public {
        _assertRefused(new bytes(65));
    }

    /// @dev For an invalid signature `ecrecover` returns the zero address, which must not count as a wallet.
    function test_RevertGiven_ZeroWalletAndGarbage() public {
        message.wallet = address(0);
        _assertRefused(abi.encodePacked(r, s, uint8(99)));
    }

    /// @dev The identity precompile returns its input, which begins with ERC-1271's magic value.
    function test_RevertGiven_WalletIsThePrecompileThatEchoes() public {
        _giveAgentTo(address(4));
        message.wallet = address(4);
        _assertRefused("");
    }

    function _assertRefused(bytes memory signature) private {
        _expectInvalid(message.bountyId, message.wallet, 1);
        _bring(message, signature);
    }
}
