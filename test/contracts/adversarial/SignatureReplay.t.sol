// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {SignedClaims} from "./support/SignedClaims.sol";

/// @notice A signed claim used in another place, at another time, or by another sender than intended.
contract SignatureReplayTest is SignedClaims {
    uint256 private bountyId;

    function setUp() public override {
        super.setUp();
        bountyId = _post();
    }

    /// @dev The hour ends at the deadline, so a wallet can sign for a later day. The end of the round still invalidates
    /// it.
    function test_RevertGiven_ReopenedWithinThePostDatedHour_RoundHasPassed() public {
        ClaimMessage memory message = _message(bountyId);
        message.deadline = START + 7 days + 30 minutes;
        bytes memory signature = _sign(message);
        _claim(bountyId);
        _reopen();
        _expectInvalid(bountyId, wallet, 2);
        _bring(message, signature);
    }

    /// @dev Reward, stake, work period and evaluator are signed: a reorg cannot put other terms under the bounty's id.
    function test_RevertGiven_ReorgThatGaveTheIdToABountyWithOtherTerms() public {
        uint256 beforeReorg = vm.snapshotState();
        uint256 forgotten = _post();
        ClaimMessage memory message = _message(forgotten);
        bytes memory signature = _sign(message);

        for (uint256 i = 0; i < 4; ++i) {
            vm.revertToState(beforeReorg);
            terms.stakePercent = i == 1 ? 20 : 0;
            terms.workPeriod = i == 2 ? 1 hours : 0;
            terms.evaluator = i == 3 ? evaluator : address(0);
            assertEq(_post(i == 0 ? 2 * REWARD : REWARD), forgotten);
            _expectInvalid(forgotten, wallet, 1);
            _bring(message, signature);
        }
    }

    /// @dev Accepted: the text of the work is not signed.
    function test_GivenReorgThatGaveTheIdToABountyOfTheSameTerms_SignatureHolds() public {
        uint256 beforeReorg = vm.snapshotState();
        uint256 forgotten = _post();
        ClaimMessage memory message = _message(forgotten);
        bytes memory signature = _sign(message);
        vm.revertToState(beforeReorg);

        vm.prank(poster);
        assertEq(market.postBounty(FEEDBACK, REWARD, DEADLINE, terms), forgotten);
        _bring(message, signature);
        _assertState(forgotten, CLAIMED);
    }

    function test_GivenANamedEvaluator_ItsSignatureHolds() public {
        terms.evaluator = evaluator;
        uint256 evaluated = _post();
        ClaimMessage memory message = _message(evaluated);
        _bring(message, _sign(message));
        _assertState(evaluated, CLAIMED);
    }

    function test_RevertGiven_AgentSold_FormerWalletsSignatureNamesTheWrongWallet() public {
        ClaimMessage memory message = _message(bountyId);
        bytes memory signature = _sign(message);
        _sell(stranger);
        vm.expectRevert(abi.encodeWithSelector(IBountyMarket.NotAgentWallet.selector, AGENT, wallet, stranger));
        _bring(message, signature);
    }

    function _reopen() private {
        vm.warp(START + 7 days + 1);
        _slashExpired(bountyId);
    }
}
