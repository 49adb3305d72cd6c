// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The fees of the OP Stack's predeploy of this name, by prices that a test writes to its storage
/// @dev The formulas of Fjord, which Base has, without compression: data counts as if it could not be compressed. There
/// is no operator fee, as on Base. https://specs.optimism.io/protocol/predeploys.html
contract GasPriceOracle {
    /// @notice The base fee and the blob fee of L1, in wei per gas.
    uint256 public l1BaseFee;
    uint256 public blobBaseFee;
    /// @notice What multiplies each, in millionths.
    uint32 public baseFeeScalar;
    uint32 public blobBaseFeeScalar;
    bool public constant isFjord = true;

    /// @return The fee for the data of a transaction on L1, in wei.
    /// @param unsignedTransaction Its RLP encoding; the signature's 68 bytes are added.
    function getL1Fee(bytes calldata unsignedTransaction) external view returns (uint256) {
        return _feeFor(unsignedTransaction.length + 68);
    }

    /// @return The most that a transaction of this size can cost on L1, in wei.
    function getL1FeeUpperBound(uint256 unsignedSize) external view returns (uint256) {
        uint256 size = unsignedSize + 68;
        return _feeFor(size + size / 255 + 16);
    }

    function getOperatorFee(uint256) external pure returns (uint256) {
        return 0;
    }

    /// @dev Fjord estimates the compressed size linearly, in millionths of a byte, from that of a fast compression.
    function _feeFor(uint256 fastSize) private view returns (uint256) {
        uint256 linear = 836_500 * fastSize;
        uint256 size = linear < 142_585_600 ? 100_000_000 : linear - 42_585_600;
        uint256 price = baseFeeScalar * 16 * l1BaseFee + blobBaseFeeScalar * blobBaseFee;
        return size * price / 1e12;
    }
}
