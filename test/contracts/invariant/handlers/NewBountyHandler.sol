// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IBountyMarket} from "../../../../contracts/interfaces/IBountyMarket.sol";
import {Dice} from "../Dice.sol";
import {selectorOf} from "../../support/selectorOf.sol";
import {AuthorizationSigner} from "../../support/AuthorizationSigner.sol";
import {Handler} from "./Handler.sol";

/// @notice New bounties, with rewards and deadlines on both sides of every bound.
abstract contract NewBountyHandler is Handler, AuthorizationSigner {
    /// @notice The poster's terms, by id: the tests compute stake and work period from them, not from the market.
    mapping(uint256 bountyId => IBountyMarket.Terms) public termsOf;
    /// @notice Who paid a bounty that was posted for its poster; zero where the poster paid.
    mapping(uint256 bountyId => address) public payerOf;

    constructor() {
        _mustHappen("evaluator named");
        _mustHappen("claimant named");
        _mustHappen("stake of 100 percent taken");
        _mustHappen("work period at a bound taken");
        _mustHappen("reward MIN - 1 refused");
        _mustHappen("reward MIN taken");
        _mustHappen("reward 199.99 taken");
        _mustHappen("reward 200 taken");
        _mustHappen("reward 200.01 taken");
        _mustHappen("reward MAX taken");
        _mustHappen("reward MAX + 1 refused");
    }

    function create(uint256 seed) external {
        _newBounty(Dice(seed), IBountyMarket.createBounty.selector);
    }

    function post(uint256 seed) external {
        _newBounty(Dice(seed), IBountyMarket.postBounty.selector);
    }

    function postFor(uint256 seed) external {
        Dice memory dice = Dice(seed);
        address payer = _anyone(dice);
        (uint256 reward, string memory mark) = _reward(dice);
        IBountyMarket.Terms memory terms = _terms(dice);
        address poster = dice.rarely() ? address(0) : people[dice.roll(POSTERS)];
        bytes memory data = abi.encodeCall(market.postBountyFor, (poster, _text(dice), reward, _deadline(dice), terms));
        (bool ok, bytes memory answer) = _act(payer, address(market), data);
        if (ok) payerOf[market.bountyCount()] = payer;
        _keep(ok, answer, terms, mark);
    }

    function postSigned(uint256 seed) external {
        Dice memory dice = Dice(seed);
        address poster = people[dice.roll(POSTERS)];
        (uint256 reward, string memory mark) = _reward(dice);
        IBountyMarket.Terms memory terms = _terms(dice);
        (bool ok, bytes memory answer) =
            _act(_anyone(dice), address(funding), _signedPost(dice, poster, reward, _deadline(dice), terms));
        if (ok) payerOf[market.bountyCount()] = address(funding);
        _keep(ok, answer, terms, mark);
    }

    /// @dev Rarely signed by another.
    function _signedPost(
        Dice memory dice,
        address poster,
        uint256 reward,
        uint64 deadline,
        IBountyMarket.Terms memory terms
    ) private view returns (bytes memory) {
        uint256 validBefore = block.timestamp + 1;
        bytes32 salt = bytes32(dice.seed);
        bytes32 nonce =
            keccak256(abi.encode(keccak256("postBounty"), poster, TEXT, reward, deadline, terms, 0, validBefore, salt));
        Authorization memory authorization =
            Authorization(poster, address(funding), reward + reward * 5 / 100, 0, validBefore, nonce);
        bytes memory signature = sign(keyOf[_caller(dice, poster)], authorizationDigest(usdc, authorization));
        return
            abi.encodeCall(funding.postBounty, (poster, TEXT, reward, deadline, terms, 0, validBefore, salt, signature));
    }

    function _newBounty(Dice memory dice, bytes4 selector) private {
        (uint256 reward, string memory mark) = _reward(dice);
        IBountyMarket.Terms memory terms = _terms(dice);
        bytes memory data = abi.encodeWithSelector(selector, _text(dice), reward, _deadline(dice), terms);
        (bool ok, bytes memory answer) = _act(people[dice.roll(POSTERS)], address(market), data);
        _keep(ok, answer, terms, mark);
    }

    function _keep(bool ok, bytes memory answer, IBountyMarket.Terms memory terms, string memory mark) private {
        if (ok) {
            termsOf[market.bountyCount()] = terms;
            _count(bytes32(bytes(string.concat(mark, " taken"))));
            if (terms.evaluator != address(0)) _count("evaluator named");
            if (terms.claimant != address(0)) _count("claimant named");
            if (terms.stakePercent == 100) _count("stake of 100 percent taken");
            if (terms.workPeriod == 1 hours || terms.workPeriod == 30 days) _count("work period at a bound taken");
        }
        bool outOfRange = selectorOf(answer) == IBountyMarket.RewardOutOfRange.selector;
        if (!ok && outOfRange) _count(bytes32(bytes(string.concat(mark, " refused"))));
    }

    function _reward(Dice memory dice) private view returns (uint256 reward, string memory mark) {
        uint256 side = dice.roll(16);
        if (side == 0) return (market.MIN_REWARD() - 1, "reward MIN - 1");
        if (side == 1) return (market.MIN_REWARD(), "reward MIN");
        if (side == 2) return (199_990_000, "reward 199.99");
        if (side == 3) return (200_000_000, "reward 200");
        if (side == 4) return (200_010_000, "reward 200.01");
        if (side == 5) return (market.MAX_REWARD(), "reward MAX");
        if (side == 6) return (market.MAX_REWARD() + 1, "reward MAX + 1");
        return (dice.between(market.MIN_REWARD(), 150e6), "reward between");
    }

    /// @dev Half of all bounties have them. Evaluator and claimant may be any account, the poster included.
    function _terms(Dice memory dice) private view returns (IBountyMarket.Terms memory terms) {
        if (dice.roll(2) == 0) return terms;
        if (dice.roll(2) == 0) terms.evaluator = _anyone(dice);
        if (dice.roll(4) == 0) terms.claimant = dice.roll(2) == 0 ? _anyone(dice) : _walletOf(_agent(dice));
        uint8[6] memory percents = [0, 0, 1, 10, 100, 101];
        terms.stakePercent = dice.rarely() ? percents[dice.roll(6)] : percents[dice.roll(5)];
        uint32[7] memory periods = [uint32(0), 1 hours, 2 days, 30 days, 1 hours - 1, 30 days + 1 hours, 1 hours + 1];
        terms.workPeriod = periods[dice.roll(dice.rarely() ? 7 : 4)];
    }

    function _deadline(Dice memory dice) private view returns (uint64) {
        uint256 side = dice.roll(32);
        if (side == 0) return uint64(block.timestamp);
        if (side == 1) return uint64(block.timestamp + 1);
        if (side == 2) return uint64(block.timestamp + market.MAX_DEADLINE());
        if (side == 3) return uint64(block.timestamp + market.MAX_DEADLINE() + 1);
        if (side == 4) return type(uint64).max;
        return uint64(block.timestamp + dice.between(1 days, 90 days));
    }
}
