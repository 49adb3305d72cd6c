// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ClaimSigner} from "../support/ClaimSigner.sol";
import {RelayedMarketTest} from "../support/RelayedMarketTest.sol";

/// @notice Gas as a receipt shows it, in steady state: a later run of the same poster and agent, an infinite allowance,
/// and no balance that rises from zero. Forge compares it with snapshots/BountyMarket.json.
/// @dev `isolate` makes each call a transaction of its own: intrinsic gas, cold storage, refunds.
contract GasOfALifeTest is RelayedMarketTest, ClaimSigner {
    string private constant GROUP = "BountyMarket";

    function setUp() public override {
        super.setUp();
        _approve(_postSubmitted());
        // Stays open, so that neither the market's escrow nor the agent's lock falls to zero.
        _postClaimed();
    }

    /// forge-config: default.isolate = true
    function test_LifeOfARun() public {
        uint256 bountyId = _post();
        vm.snapshotGasLastCall(GROUP, "postBounty");
        _claim(bountyId);
        vm.snapshotGasLastCall(GROUP, "claimBounty");
        _submit(bountyId);
        vm.snapshotGasLastCall(GROUP, "submitWork");
        _approve(bountyId);
        vm.snapshotGasLastCall(GROUP, "approveWork");
    }

    /// forge-config: default.isolate = true
    function test_RelayedClaims() public {
        uint256 bountyId = _post();
        uint256 deadline = START + 1 hours;
        bytes memory signature = _signature(bountyId, deadline);
        vm.prank(relayer);
        market.claimBountyWithSig(bountyId, AGENT, wallet, deadline, signature);
        vm.snapshotGasLastCall(GROUP, "claimBountyWithSig");

        IBountyMarket.Claim[] memory claims = new IBountyMarket.Claim[](40);
        for (uint256 i = 0; i < claims.length; ++i) {
            bountyId = _post();
            claims[i] = IBountyMarket.Claim(bountyId, AGENT, wallet, deadline, _signature(bountyId, deadline));
        }
        vm.prank(relayer);
        market.claimBatch(claims);
        vm.snapshotGasLastCall(GROUP, "claimBatch of 40");
    }

    function _signature(uint256 bountyId, uint256 deadline) private view returns (bytes memory) {
        ClaimMessage memory message =
            ClaimMessage(bountyId, AGENT, wallet, 1, REWARD, LOCK, 7 days, address(0), deadline);
        return sign(walletKey, claimDigest(address(market), message));
    }
}
