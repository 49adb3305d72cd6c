// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {IBountyMarket} from "../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketMatrixCalls} from "./support/BountyMarketMatrixCalls.sol";

/// @notice Every call × state × caller × side of the time limit, with the exact error of each that is refused (I6).
/// The table says what the design says: hold it against DESIGN §3.
contract BountyMarketMatrixTest is BountyMarketMatrixCalls {
    bytes4 private constant NOT_POSTER = IBountyMarket.NotPoster.selector;
    bytes4 private constant NOT_CLAIMING_WALLET = IBountyMarket.NotClaimingWallet.selector;
    bytes4 private constant NOT_AGENT_WALLET = IBountyMarket.NotAgentWallet.selector;
    bytes4 private constant NOT_SELF = IBountyMarket.NotSelf.selector;
    bytes4 private constant NOTHING_OWED = IBountyMarket.NothingOwed.selector;
    bytes4 private constant NO_ROLE = IAccessControl.AccessControlUnauthorizedAccount.selector;
    bytes4 private constant BAD_CONFIRMATION = IAccessControl.AccessControlBadConfirmation.selector;

    /// @dev Where in a row the cells of one second later begin.
    uint256 private constant LATE = 11;

    IBountyMarket.State private constant UNCHANGED = IBountyMarket.State.NONE;
    IBountyMarket.State private constant DRAFT = IBountyMarket.State.DRAFT;
    IBountyMarket.State private constant OPEN = IBountyMarket.State.OPEN;
    IBountyMarket.State private constant CLAIMED = IBountyMarket.State.CLAIMED;
    IBountyMarket.State private constant IN_PROGRESS = IBountyMarket.State.IN_PROGRESS;
    IBountyMarket.State private constant SUBMITTED = IBountyMarket.State.SUBMITTED;
    IBountyMarket.State private constant APPROVED = IBountyMarket.State.APPROVED;
    IBountyMarket.State private constant REVISION_REQUESTED = IBountyMarket.State.REVISION_REQUESTED;
    IBountyMarket.State private constant REJECTED = IBountyMarket.State.REJECTED;

    function test_RowForEveryCall() public {
        _writeTable();
        _assertRowForEveryCall("BountyMarket");
    }

    function test_AtTheLastSecondOfEveryLimit() public {
        _assertTable(false, _freshIn);
    }

    function test_OneSecondAfterEveryLimit() public {
        _assertTable(true, _freshIn);
    }

    function test_GivenASlashedClaimBefore_AtTheLastSecondOfEveryLimit() public {
        _assertTable(false, _reopenedIn);
    }

    function test_GivenASlashedClaimBefore_OneSecondAfterEveryLimit() public {
        _assertTable(true, _reopenedIn);
    }

    function _assertTable(bool late, function(uint256) returns (uint256) bountyIn) private {
        _writeLegend();
        _writeTable();
        uint256 snapshot = vm.snapshotState();
        for (uint256 column = 0; column < COLUMNS; ++column) {
            uint256 bountyId = bountyIn(column);
            _warpToLimit(bountyId, late ? 1 : 0);
            _prepareCalls(bountyId);
            _assertColumn(late ? LATE + column : column, _nameOf(column));
            vm.revertToState(snapshot);
        }
    }

    /// @dev '.' is a state in which the call is not made, whoever makes it.
    function _writeLegend() private {
        _forEveryone("0", IBountyMarket.BountyNotFound.selector);
        _forEveryone(".", IBountyMarket.InvalidState.selector);
        _forEveryone("N", IBountyMarket.BountyNotOpen.selector);
        _forEveryone("D", IBountyMarket.BountyDeadlinePassed.selector);
        _forCallers("d", IBountyMarket.BountyDeadlinePassed.selector);
        _forCallers("s", IBountyMarket.SubmissionNotOverdue.selector);
        _forCallers("o", IBountyMarket.ReviewPeriodOver.selector);
        _forCallers("e", IBountyMarket.ReviewPeriodNotOver.selector);
        _forCallers("x", IBountyMarket.NoRevisionsLeft.selector);
        _forCallers("r", IBountyMarket.RevisionsLeft.selector);
        // A relayer is told apart before the bounty is looked at.
        _forCallers("z", IBountyMarket.BountyNotFound.selector);
        _forCallers("n", IBountyMarket.BountyNotOpen.selector);
    }

    /// @dev Columns: NONE, DRAFT, OPEN, CLAIMED, IN_PROGRESS, SUBMITTED, APPROVED, REVISION_REQUESTED, REJECTED, and
    /// SUBMITTED after the last revision; first at the last second of the state's limit, then one second later.
    function _writeTable() private {
        // forgefmt: disable-start
        //                                                                 NDOCISAVRL NDOCISAVRL
        _row("createBounty",             ANYONE,  DONE,                   "++++++++++ ++++++++++", UNCHANGED);
        _row("postBounty",               ANYONE,  DONE,                   "++++++++++ ++++++++++", UNCHANGED);
        _row("fundBounty",               POSTER,  NOT_POSTER,             "0+........ 0d........", OPEN);
        _row("withdrawBounty",           POSTER,  NOT_POSTER,             "0.+....... 0.+.......", DRAFT);
        _row("claimBounty",              WALLET,  NOT_AGENT_WALLET,       "0N+NNNNNNN 0NDNNNNNNN", CLAIMED);
        _row("claimBountyWithSig",       ANYONE,  DONE,                   "0N+NNNNNNN 0NDNNNNNNN", CLAIMED);
        _row("claimBountyFor",           RELAYER, NO_ROLE,                "zn+nnnnnnn zndnnnnnnn", CLAIMED);
        _row("claimBatch (signed)",      ANYONE,  DONE,                   "0N+NNNNNNN 0NDNNNNNNN", CLAIMED);
        _row("claimBatch (unsigned)",    RELAYER, NO_ROLE,                "zn+nnnnnnn zndnnnnnnn", CLAIMED);
        _row("claimInBatch",             NOBODY,  NOT_SELF,               "!!!!!!!!!! !!!!!!!!!!", UNCHANGED);
        _row("startWork",                WALLET,  NOT_CLAIMING_WALLET,    "0..+...... 0..+......", IN_PROGRESS);
        _row("submitWork",               WALLET,  NOT_CLAIMING_WALLET,    "0..++..+.. 0..++..+..", SUBMITTED);
        _row("requestRevision",          POSTER,  NOT_POSTER,             "0....+...x 0....o...o", REVISION_REQUESTED);
        _row("approveWork",              POSTER,  NOT_POSTER,             "0....+...+ 0....+...+", APPROVED);
        _row("rejectWork",               POSTER,  NOT_POSTER,             "0....r...+ 0....o...o", REJECTED);
        _row("finalizeReview",           ANYONE,  DONE,                   "0....e...e 0....+...+", APPROVED);
        _row("slashExpired",             POSTER,  NOT_POSTER,             "0..ss..s.. 0..++..+..", OPEN);
        _row("slashAndWithdraw",         POSTER,  NOT_POSTER,             "0..ss..s.. 0..++..+..", DRAFT);
        _row("collect (something owed)", ANYONE,  DONE,                   "++++++++++ ++++++++++", UNCHANGED);
        _row("collect (nothing owed)",   NOBODY,  NOTHING_OWED,           "!!!!!!!!!! !!!!!!!!!!", UNCHANGED);
        _row("grantRole",                NOBODY,  NO_ROLE,                "!!!!!!!!!! !!!!!!!!!!", UNCHANGED);
        _row("revokeRole",               NOBODY,  NO_ROLE,                "!!!!!!!!!! !!!!!!!!!!", UNCHANGED);
        _row("renounceRole (one's own)", ANYONE,  DONE,                   "++++++++++ ++++++++++", UNCHANGED);
        _row("renounceRole (another's)", NOBODY,  BAD_CONFIRMATION,       "!!!!!!!!!! !!!!!!!!!!", UNCHANGED);
        // forgefmt: disable-end
    }
}
