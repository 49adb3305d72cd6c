// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketMatrixCalls} from "../support/BountyMarketMatrixCalls.sol";

/// @notice Every call × state × caller × side of the time limit, with the exact error of each refused call (I6). The
/// table is derived from the market's rules, not from the contract.
contract EveryCallHasItsStateCallerAndTime is BountyMarketMatrixCalls {
    bytes4 private constant NOT_POSTER = IBountyMarket.NotPoster.selector;
    bytes4 private constant NOT_EVALUATOR = IBountyMarket.NotEvaluator.selector;
    bytes4 private constant NEITHER = IBountyMarket.NotPosterOrEvaluator.selector;
    bytes4 private constant NOT_CLAIMING_WALLET = IBountyMarket.NotClaimingWallet.selector;
    bytes4 private constant NOT_AGENT_WALLET = IBountyMarket.NotAgentWallet.selector;
    bytes4 private constant NOT_CLAIMANT = IBountyMarket.NotClaimant.selector;
    bytes4 private constant NOT_RELAYER = IBountyMarket.NotRelayer.selector;
    bytes4 private constant NOT_OVERDUE = IBountyMarket.SubmissionNotOverdue.selector;
    bytes4 private constant NOT_SELF = IBountyMarket.NotSelf.selector;
    bytes4 private constant NOTHING_OWED = IBountyMarket.NothingOwed.selector;

    /// @dev The characters of a row for one time: a cell per column, and a space.
    uint256 private constant TIME_WIDTH = 11;

    IBountyMarket.State private constant UNCHANGED = NONE;

    function test_RowForEveryCall() public {
        _writeTable(POSTER);
        _assertRowForEveryCall("BountyMarket");
    }

    function test_AtTheLastSecondOfEveryLimit() public {
        _assertTable(0, 0, _freshIn);
    }

    function test_OneSecondAfterEveryLimit() public {
        _assertTable(1, 1, _freshIn);
    }

    function test_AtTheLastSecondOfGrace() public {
        _assertTable(2, 7 days, _freshIn);
    }

    function test_OneSecondAfterGrace() public {
        _assertTable(3, 7 days + 1, _freshIn);
    }

    function test_GivenASlashedClaimBefore_AtTheLastSecondOfEveryLimit() public {
        _assertTable(0, 0, _reopenedIn);
    }

    function test_GivenASlashedClaimBefore_OneSecondAfterEveryLimit() public {
        _assertTable(1, 1, _reopenedIn);
    }

    function test_GivenANamedEvaluator_AtTheLastSecondOfEveryLimit() public {
        terms.evaluator = evaluator;
        _assertTable(0, 0, _freshIn);
    }

    function test_GivenANamedEvaluator_OneSecondAfterEveryLimit() public {
        terms.evaluator = evaluator;
        _assertTable(1, 1, _freshIn);
    }

    function test_GivenANamedClaimant_AtTheLastSecondOfEveryLimit() public {
        terms.claimant = wallet;
        _assertTable(0, 0, _freshIn);
    }

    function test_GivenANamedClaimant_OneSecondAfterEveryLimit() public {
        terms.claimant = wallet;
        _assertTable(1, 1, _freshIn);
    }

    function test_GivenANamedEvaluator_OneSecondAfterGrace() public {
        terms.evaluator = evaluator;
        _assertTable(3, 7 days + 1, _freshIn);
    }

    /// @param time Which of the four groups of cells.
    function _assertTable(uint256 time, uint256 secondsLate, function(uint256) returns (uint256) bountyIn) private {
        _writeLegend();
        _writeTable(terms.evaluator == address(0) ? POSTER : EVALUATOR);
        uint256 snapshot = vm.snapshotState();
        for (uint256 column = 0; column < COLUMNS; ++column) {
            uint256 bountyId = bountyIn(column);
            _warpToLimit(bountyId, secondsLate);
            _prepareCalls(bountyId);
            _assertColumn(TIME_WIDTH * time + column, _nameOf(column));
            vm.revertToState(snapshot);
        }
    }

    /// @dev '.' is a state in which the call is not made by any caller.
    function _writeLegend() private {
        _forEveryone("0", IBountyMarket.BountyNotFound.selector);
        _forEveryone(".", IBountyMarket.InvalidState.selector);
        _forEveryone("N", IBountyMarket.BountyNotOpen.selector);
        _forEveryone("D", IBountyMarket.BountyDeadlinePassed.selector);
        _forEveryone("E", IBountyMarket.BountyDeadlineNotPassed.selector);
        _forEveryone("I", IBountyMarket.InvalidSignature.selector);
        _forCallers("d", IBountyMarket.BountyDeadlinePassed.selector);
        _forCallers("s", IBountyMarket.SubmissionNotOverdue.selector);
        _forCallers("l", IBountyMarket.SubmissionOverdue.selector);
        _forCallers("o", IBountyMarket.ReviewPeriodOver.selector);
        _forCallers("e", IBountyMarket.ReviewPeriodNotOver.selector);
        _forCallers("x", IBountyMarket.NoRevisionsLeft.selector);
        _forCallers("r", IBountyMarket.RevisionsLeft.selector);
        _forCallers("c", IBountyMarket.NoClaimantNamed.selector);
        // The market checks whether the caller is a relayer before it reads the bounty.
        _forCallers("z", IBountyMarket.BountyNotFound.selector);
        _forCallers("n", IBountyMarket.BountyNotOpen.selector);
    }

    /// @dev Columns: NONE, DRAFT, OPEN, CLAIMED, IN_PROGRESS, SUBMITTED, APPROVED, REVISION_REQUESTED, REJECTED, and
    /// SUBMITTED after the last revision; at the last second of the state's limit, one second later, at the last second of
    /// the grace period after it, and one second later.
    /// @param evaluates POSTER, or EVALUATOR where one is named, who may reject before the last revision.
    function _writeTable(uint256 evaluates) private {
        uint256 parties = POSTER | evaluates;
        bool isReserved = terms.claimant != address(0);
        string memory naming =
            isReserved ? "0.+....... 0.+....... 0.+....... 0.+......." : "0.c....... 0.c....... 0.c....... 0.c.......";
        bytes4 notTheWallet = isReserved ? NOT_CLAIMANT : NOT_AGENT_WALLET;
        string memory rejection = evaluates == POSTER
            ? "0....r...+ 0....o...o 0....o...o 0....o...o"
            : "0....+...+ 0....o...o 0....o...o 0....o...o"; // forgefmt: disable-start
        //                                                                    NDOCISAVRL NDOCISAVRL NDOCISAVRL NDOCISAVRL
        _row("createBounty",               ANYONE,   DONE,                "++++++++++ ++++++++++ ++++++++++ ++++++++++", UNCHANGED);
        _row("postBounty",                 ANYONE,   DONE,                "++++++++++ ++++++++++ ++++++++++ ++++++++++", UNCHANGED);
        _row("postBountyFor",              ANYONE,   DONE,                "++++++++++ ++++++++++ ++++++++++ ++++++++++", UNCHANGED);
        _row("fundBounty",                 POSTER,   NOT_POSTER,          "0+........ 0d........ 0d........ 0d........", OPEN);
        _row("expireBounty",               ANYONE,   DONE,                "0.E....... 0.+....... 0.+....... 0.+.......", DRAFT);
        _row("closeBounty",                POSTER,   NOT_POSTER,          "0.+++..... 0.+++..... 0.+++..... 0.+++.....", DRAFT);
        _row("closeBountyWithSig",         ANYONE,   DONE,                "0.+++..... 0.+++..... 0.+++..... 0.+++.....", DRAFT);
        _row("nameClaimant",               POSTER,   NOT_POSTER,          naming, UNCHANGED);
        _row("nameClaimantWithSig",        ANYONE,   DONE,                naming, UNCHANGED);
        _row("claimBounty",                WALLET,   notTheWallet,        "0N+NNNNNNN 0NDNNNNNNN 0NDNNNNNNN 0NDNNNNNNN", CLAIMED);
        _row("claimBountyWithSig",         ANYONE,   DONE,                "0N+NNNNNNN 0NDNNNNNNN 0NDNNNNNNN 0NDNNNNNNN", CLAIMED);
        _row("claimBountyWithSig (empty)", ANYONE,   DONE,                "0NINNNNNNN 0NDNNNNNNN 0NDNNNNNNN 0NDNNNNNNN", CLAIMED);
        _row("claimBountyFor",             RELAYER,  NOT_RELAYER,         "zn+nnnnnnn zndnnnnnnn zndnnnnnnn zndnnnnnnn", CLAIMED);
        _row("claimBatch (signed)",        ANYONE,   DONE,                "0N+NNNNNNN 0NDNNNNNNN 0NDNNNNNNN 0NDNNNNNNN", CLAIMED);
        _row("claimBatch (unsigned)",      RELAYER,  NOT_RELAYER,         "zn+nnnnnnn zndnnnnnnn zndnnnnnnn zndnnnnnnn", CLAIMED);
        _row("claimInBatch",               NO_CALLER, NOT_SELF,            "!!!!!!!!!! !!!!!!!!!! !!!!!!!!!! !!!!!!!!!!", UNCHANGED);
        _row("startWork",                  WALLET,   NOT_CLAIMING_WALLET, "0..+...... 0..+...... 0..+...... 0..+......", IN_PROGRESS);
        _row("startWorkWithSig",           ANYONE,   DONE,                "0..+...... 0..+...... 0..+...... 0..+......", IN_PROGRESS);
        _row("submitWork",                 WALLET,   NOT_CLAIMING_WALLET, "0..++..+.. 0..++..+.. 0..++..+.. 0..++..+..", SUBMITTED);
        _row("submitWorkWithSig",          ANYONE,   DONE,                "0..++..+.. 0..++..+.. 0..++..+.. 0..++..+..", SUBMITTED);
        _row("abandonClaim",               WALLET,   NOT_CLAIMING_WALLET, "0..++..+.. 0..ll..+.. 0..ll..+.. 0..ll..+..", OPEN);
        _row("abandonClaimWithSig",        ANYONE,   DONE,                "0..++..+.. 0..ll..+.. 0..ll..+.. 0..ll..+..", OPEN);
        _row("requestRevision",            evaluates, NOT_EVALUATOR,       "0....+...x 0....o...o 0....o...o 0....o...o", REVISION_REQUESTED);
        _row("requestRevisionWithSig",     ANYONE,   DONE,                "0....+...x 0....o...o 0....o...o 0....o...o", REVISION_REQUESTED);
        _row("approveWork",                parties,  NEITHER,             "0....+.+.+ 0....+.+.+ 0....+.+.+ 0....+.+.+", APPROVED);
        _row("approveWorkWithSig",         ANYONE,   DONE,                "0....+.+.+ 0....+.+.+ 0....+.+.+ 0....+.+.+", APPROVED);
        _row("rejectWork",                 evaluates, NOT_EVALUATOR,       rejection, REJECTED);
        _row("rejectWorkWithSig",          ANYONE,   DONE,                rejection, REJECTED);
        _row("rejectOverdue",              parties,  NOT_OVERDUE,         "0......s.. 0......+.. 0......+.. 0......*..", REJECTED);
        _row("finalizeReview",             ANYONE,   DONE,                "0....e...e 0....+...+ 0....+...+ 0....+...+", APPROVED);
        _row("slashExpired",               POSTER,   NOT_OVERDUE,         "0..ss..... 0..++..... 0..++..... 0..**.....", OPEN);
        _row("collect (something owed)",   ANYONE,   DONE,                "++++++++++ ++++++++++ ++++++++++ ++++++++++", UNCHANGED);
        _row("collect (nothing owed)",     NO_CALLER, NOTHING_OWED,        "!!!!!!!!!! !!!!!!!!!! !!!!!!!!!! !!!!!!!!!!", UNCHANGED);
        // forgefmt: disable-end
    }
}
