// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {ActionSigner} from "./ActionSigner.sol";
import {BountyMarketMatrixCases} from "./BountyMarketMatrixCases.sol";
import {Vm} from "./Vm.sol";
import {selectorOf} from "./selectorOf.sol";

/// @title BountyMarketMatrixCalls
/// @notice The calls that are the rows of the market's matrix, about one bounty.
abstract contract BountyMarketMatrixCalls is BountyMarketMatrixCases, ActionSigner {
    mapping(string call => bytes) private _calls;
    mapping(string call => IBountyMarket.State) private _becomes;
    uint256 private _bountyId;

    /// @param becomes The bounty's state after a successful call; NONE if the call does not change it.
    function _row(
        string memory call,
        uint256 callers,
        bytes4 otherwise,
        string memory cells,
        IBountyMarket.State becomes
    ) internal {
        _rows.push(Row(call, cells, callers, otherwise));
        _becomes[call] = becomes;
    }

    function _prepareCalls(uint256 bountyId) internal {
        _bountyId = bountyId;
        _calls["createBounty"] = abi.encodeCall(market.createBounty, (WORK, REWARD, _tomorrow(), terms));
        _calls["postBounty"] = abi.encodeCall(market.postBounty, (WORK, REWARD, _tomorrow(), terms));
        _calls["postBountyFor"] = abi.encodeCall(market.postBountyFor, (stranger, WORK, REWARD, _tomorrow(), terms));
        _calls["closeBounty"] = abi.encodeCall(market.closeBounty, (bountyId));
        _calls["fundBounty"] = abi.encodeCall(market.fundBounty, (bountyId));
        _calls["expireBounty"] = abi.encodeCall(market.expireBounty, (bountyId));
        _calls["abandonClaim"] = abi.encodeCall(market.abandonClaim, (bountyId));
        _calls["rejectOverdue"] = abi.encodeCall(market.rejectOverdue, (bountyId));
        _calls["startWork"] = abi.encodeCall(market.startWork, (bountyId));
        _calls["submitWork"] = abi.encodeCall(market.submitWork, (bountyId, DELIVERABLE));
        _calls["requestRevision"] = abi.encodeCall(market.requestRevision, (bountyId, FEEDBACK));
        _calls["approveWork"] = abi.encodeCall(market.approveWork, (bountyId, _lastRevision(bountyId)));
        _calls["rejectWork"] = abi.encodeCall(market.rejectWork, (bountyId));
        _calls["finalizeReview"] = abi.encodeCall(market.finalizeReview, (bountyId));
        _calls["slashExpired"] = abi.encodeCall(market.slashExpired, (bountyId));
        _calls["nameClaimant"] = abi.encodeCall(market.nameClaimant, (bountyId, wallet));
        _calls["collect (something owed)"] = abi.encodeCall(market.collect, (treasury));
        _calls["collect (nothing owed)"] = abi.encodeCall(market.collect, (wallet));
        _prepareClaims(bountyId);
        _prepareWork(bountyId);
        _prepareActions(bountyId);
    }

    function _prepareClaims(uint256 bountyId) private {
        IBountyMarket.Claim[] memory signed = new IBountyMarket.Claim[](1);
        IBountyMarket.Claim[] memory unsigned = new IBountyMarket.Claim[](1);
        uint256 deadline = vm.getBlockTimestamp();
        bytes memory signature = _signature(bountyId, deadline);
        signed[0] = IBountyMarket.Claim(bountyId, AGENT, wallet, deadline, signature);
        unsigned[0] = IBountyMarket.Claim(bountyId, AGENT, wallet, 0, "");
        _calls["claimBounty"] = abi.encodeCall(market.claimBounty, (bountyId, AGENT));
        _calls["claimBountyFor"] = abi.encodeCall(market.claimBountyFor, (bountyId, AGENT, wallet));
        _calls["claimBatch (signed)"] = abi.encodeCall(market.claimBatch, (signed));
        _calls["claimBatch (unsigned)"] = abi.encodeCall(market.claimBatch, (unsigned));
        _calls["claimBountyWithSig"] =
            abi.encodeCall(market.claimBountyWithSig, (bountyId, AGENT, wallet, deadline, signature));
        _calls["claimBountyWithSig (empty)"] =
            abi.encodeCall(market.claimBountyWithSig, (bountyId, AGENT, wallet, deadline, ""));
        _calls["claimInBatch"] =
            abi.encodeCall(market.claimInBatch, (bountyId, AGENT, wallet, deadline, signature, relayer));
    }

    function _signature(uint256 bountyId, uint256 deadline) private view returns (bytes memory) {
        uint256 round = uint256(market.getBounty(bountyId).round) + 1;
        ClaimMessage memory message =
            ClaimMessage(bountyId, AGENT, wallet, round, REWARD, LOCK, 7 days, terms.evaluator, deadline);
        return sign(walletKey, claimDigest(address(market), message));
    }

    function _prepareWork(uint256 bountyId) private {
        uint256 deadline = vm.getBlockTimestamp();
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        bytes memory signature = sign(walletKey, startDigest(address(market), bountyId, wallet, bounty.round, deadline));
        _calls["startWorkWithSig"] = abi.encodeCall(market.startWorkWithSig, (bountyId, deadline, signature));
        SubmitMessage memory message =
            SubmitMessage(bountyId, wallet, bounty.round, bounty.revisions, DELIVERABLE, deadline);
        signature = sign(walletKey, submitDigest(address(market), message));
        _calls["submitWorkWithSig"] =
            abi.encodeCall(market.submitWorkWithSig, (bountyId, DELIVERABLE, deadline, signature));
    }

    /// @dev Signed by the parties that may act, with the longest deadline: a close and a naming end within an hour.
    function _prepareActions(uint256 bountyId) private {
        IBountyMarket.Bounty memory bounty = market.getBounty(bountyId);
        uint256 deadline = vm.getBlockTimestamp() + 1 hours;
        bytes memory signature = sign(keyNamed("poster"), closeDigest(address(market), bountyId, poster, deadline));
        _calls["closeBountyWithSig"] = abi.encodeCall(market.closeBountyWithSig, (bountyId, deadline, signature));

        NameMessage memory naming = NameMessage(bountyId, poster, bounty.namings, wallet, deadline);
        signature = sign(keyNamed("poster"), nameDigest(address(market), naming));
        _calls["nameClaimantWithSig"] =
            abi.encodeCall(market.nameClaimantWithSig, (bountyId, wallet, naming.naming, deadline, signature));

        deadline = type(uint256).max;
        ActionMessage memory message = ActionMessage(bountyId, wallet, bounty.round, bounty.revisions, deadline);
        signature = sign(walletKey, abandonDigest(address(market), message));
        _calls["abandonClaimWithSig"] = abi.encodeCall(market.abandonClaimWithSig, (bountyId, deadline, signature));
        uint256 key = keyNamed(terms.evaluator == address(0) ? "poster" : "evaluator");
        message.signer = _reviewer();
        signature = sign(key, rejectDigest(address(market), message));
        _calls["rejectWorkWithSig"] =
            abi.encodeCall(market.rejectWorkWithSig, (bountyId, message.signer, deadline, signature));
        signature = sign(key, reviseDigest(address(market), message, FEEDBACK));
        _calls["requestRevisionWithSig"] =
            abi.encodeCall(market.requestRevisionWithSig, (bountyId, FEEDBACK, message.signer, deadline, signature));
        message.revision = _lastRevision(bountyId);
        signature = sign(key, approveDigest(address(market), message));
        _calls["approveWorkWithSig"] = abi.encodeCall(
            market.approveWorkWithSig, (bountyId, uint8(message.revision), message.signer, deadline, signature)
        );
    }

    function _tomorrow() private view returns (uint64) {
        return uint64(vm.getBlockTimestamp() + 1 days);
    }

    function _try(Row memory row, address caller) internal override returns (bytes memory refusal) {
        IBountyMarket.State state = market.getBounty(_bountyId).state;
        bytes memory check = _checkClaim(caller);
        refusal = _call(row, caller);
        if (selectorOf(_calls[row.call]) == market.claimBounty.selector) assertEq(check, refusal, "checkClaim");
        bool moves = refusal.length == 0 && _becomes[row.call] != NONE;
        _assertState(_bountyId, moves ? _next(row.call, state) : state);
    }

    function _valuesOf(bytes4 selector, address caller, bool isCaller) internal view override returns (bytes memory) {
        if (selector == IBountyMarket.NotRelayer.selector) return abi.encode(caller);
        if (selector == IBountyMarket.NotSelf.selector) return abi.encode(caller);
        if (selector == IBountyMarket.NothingOwed.selector) return abi.encode(wallet);
        if (selector == IBountyMarket.NotAgentWallet.selector) return abi.encode(AGENT, caller, wallet);
        return bytes.concat(bytes32(_bountyId), _valuesOfBounty(selector, caller, isCaller));
    }

    /// @dev Those that follow the id of the bounty.
    function _valuesOfBounty(bytes4 selector, address caller, bool isCaller) private view returns (bytes memory) {
        if (selector == IBountyMarket.NotPoster.selector) return abi.encode(caller, poster);
        if (selector == IBountyMarket.NotEvaluator.selector) return abi.encode(caller, _reviewer());
        if (selector == IBountyMarket.NotPosterOrEvaluator.selector) return abi.encode(caller, poster, _reviewer());
        if (selector == IBountyMarket.NotClaimingWallet.selector) return abi.encode(caller, wallet);
        if (selector == IBountyMarket.NotClaimant.selector) return abi.encode(caller, wallet);

        IBountyMarket.Bounty memory bounty = market.getBounty(_bountyId);
        if (selector == IBountyMarket.InvalidState.selector) return abi.encode(bounty.state);
        if (selector == IBountyMarket.BountyNotOpen.selector) return abi.encode(bounty.state);
        if (selector == IBountyMarket.InvalidSignature.selector) return abi.encode(wallet, bounty.round + 1);
        if (selector == IBountyMarket.NoRevisionsLeft.selector) return abi.encode(bounty.revisions, 3);
        if (selector == IBountyMarket.RevisionsLeft.selector) return abi.encode(bounty.revisions, 3);
        if (selector == IBountyMarket.BountyNotFound.selector) return "";
        if (selector == IBountyMarket.NoClaimantNamed.selector) return "";

        uint256 limit = bounty.since == 0 ? DEADLINE : bounty.since + WAIT;
        if (selector == IBountyMarket.SubmissionNotOverdue.selector && !isCaller) limit += GRACE;
        return abi.encode(limit, vm.getBlockTimestamp());
    }

    function _checkClaim(address caller) private view returns (bytes memory) {
        bytes memory data = abi.encodeCall(market.checkClaim, (_bountyId, AGENT, caller));
        (bool ok, bytes memory answer) = address(market).staticcall(data);
        return _refusal(ok, answer);
    }

    /// @dev Two calls have two results: if work was delivered, the abandoned bounty is rejected; if it is claimed, the
    /// closed bounty keeps its state.
    function _next(string memory call, IBountyMarket.State state) private view returns (IBountyMarket.State) {
        IBountyMarket.State becomes = _becomes[call];
        bool delivered = state == REVISION_REQUESTED;
        if (delivered && becomes == OPEN) return REJECTED;
        bytes4 selector = selectorOf(_calls[call]);
        bool closes = selector == market.closeBounty.selector || selector == market.closeBountyWithSig.selector;
        return closes && state != OPEN ? state : becomes;
    }

    function _call(Row memory row, address caller) private returns (bytes memory) {
        bytes memory data = _calls[row.call];
        vm.recordLogs();
        vm.prank(caller);
        (bool ok, bytes memory answer) = address(market).call(data);
        if (!ok) return _refusal(false, answer);
        Vm.Log[] memory logs = assertNoLogTwice();
        if (selectorOf(data) != IBountyMarket.claimBatch.selector) return "";
        IBountyMarket.ItemResult result = abi.decode(answer, (IBountyMarket.ItemResult[]))[0];
        return result == IBountyMarket.ItemResult.MADE ? bytes("") : _reasonOfRefusal(logs);
    }

    function _reasonOfRefusal(Vm.Log[] memory logs) private pure returns (bytes memory) {
        Vm.Log memory last = logs[logs.length - 1];
        assertEq(last.topics[0], IBountyMarket.ClaimRefused.selector);
        return abi.decode(last.data, (bytes));
    }
}
