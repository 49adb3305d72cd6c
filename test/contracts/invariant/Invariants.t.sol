// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAgentStaking} from "../../../contracts/interfaces/IAgentStaking.sol";
import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {AccountReplay} from "./AccountReplay.sol";
import {CampaignTest} from "./CampaignTest.sol";

/// @notice The invariants of `test/contracts/README.md`, by number, after every action of `Campaign`. For I9 see
/// `Exits.t.sol`.
contract InvariantsTest is CampaignTest {
    using SafeCast for uint256;

    /// @dev The contracts' state, read once for all invariants.
    struct Chain {
        /// From id 1.
        IBountyMarket.Bounty[] bounties;
        /// Of `campaign.allAgents()`, in that order.
        AccountReplay.Account[] accounts;
        /// Of `campaign.allPeople()`, in that order.
        uint256[] debts;
    }

    /// @dev One campaign for all: with one each, Forge would repeat the same calls from the same random seed.
    function invariant_I1_to_I8() external view {
        Chain memory chain = _chain();
        _I1_MarketHoldsEscrowAndDebts(chain);
        _I2_StakingHoldsEveryStake(chain);
        _I3_LockedIsWhatLiveRunsRisk(chain);
        _I4_OnlyListedTransitions(chain);
        _I5_EveryUnitOfARunIsAccountedFor(chain);
        _I6_NoAccountMakesACallThatNoneMay();
        _I7_LogsAloneRebuildTheState(chain);
        _I8_ClaimsAnswerAsCheckClaimDoes();
    }

    /// @dev For `runDeep.ts`: one line per run, with what it did and how often.
    function afterInvariant() external {
        string memory path = vm.envOr("TALLY", string(""));
        if (bytes(path).length > 0) vm.writeLine(path, vm.toString(abi.encode(campaign.counts())));
    }

    function _I1_MarketHoldsEscrowAndDebts(Chain memory chain) private view {
        uint256 expected = campaign.donated(address(market));
        for (uint256 i = 0; i < chain.bounties.length; ++i) {
            if (_isFunded(chain.bounties[i].state)) expected += _escrowOf(chain.bounties[i].reward);
        }
        for (uint256 i = 0; i < chain.debts.length; ++i) {
            expected += chain.debts[i];
        }
        // Lost stake that could not be burned is a debt of the market, and is still in the staking contract.
        uint256 held = usdc.balanceOf(address(market)) + staking.unburned();
        assertEq(held, expected, "I1: the market's USDC");
        assertEq(usdc.balanceOf(address(campaign.funding())), 0, "I1: SignedFunding holds nothing");
    }

    function _I2_StakingHoldsEveryStake(Chain memory chain) private view {
        uint256 expected = campaign.donated(address(staking));
        for (uint256 i = 0; i < chain.accounts.length; ++i) {
            expected += chain.accounts[i].staked;
        }
        uint256 unburned = staking.unburned();
        assertEq(usdc.balanceOf(address(staking)), expected + unburned, "I2: the staking contract's USDC");
        assertLe(unburned, market.owed(market.BURN()), "I2: what is not burned is owed to the burn address");
    }

    function _I3_LockedIsWhatLiveRunsRisk(Chain memory chain) private view {
        uint256[] memory agents = campaign.allAgents();
        for (uint256 i = 0; i < agents.length; ++i) {
            uint256 locks = 0;
            for (uint256 j = 0; j < chain.bounties.length; ++j) {
                IBountyMarket.Bounty memory bounty = chain.bounties[j];
                if (_isLive(bounty.state) && bounty.agentId == agents[i]) locks += _lockOf(j + 1, bounty);
            }
            AccountReplay.Account memory account = chain.accounts[i];
            assertEq(account.locked, locks, "I3: locked is the sum of the live runs' locks");
            assertLe(account.locked, account.staked, "I3: locked is at most staked");
            bool inGoodStanding = account.staked >= 20e6 && !account.frozen;
            assertEq(account.stakedAt != 0, inGoodStanding, "I3: stakedAt is zero below MIN_STAKE and while frozen");
        }
    }

    function _I4_OnlyListedTransitions(Chain memory chain) private view {
        assertEq(campaign.breach(4), "", "I4");
        for (uint256 i = 0; i < chain.bounties.length; ++i) {
            (,, address evaluator, address claimant) = campaign.termsOf(i + 1);
            assertEq(chain.bounties[i].stake, _lockOf(i + 1, chain.bounties[i]), "I4: stake");
            assertEq(chain.bounties[i].workPeriod, _workPeriodOf(i + 1), "I4: work period");
            assertEq(chain.bounties[i].evaluator, evaluator, "I4: evaluator");
            if (chain.bounties[i].namings < 2) assertEq(chain.bounties[i].claimant, claimant, "I4: claimant");
            assertEq(chain.bounties[i].namings == 0, claimant == address(0), "I4: namings");
        }
    }

    function _I5_EveryUnitOfARunIsAccountedFor(Chain memory chain) private view {
        address[] memory parties = campaign.parties();
        address treasury = campaign.treasury();
        for (uint256 i = 0; i < chain.bounties.length; ++i) {
            int256[] memory gains = campaign.gains(i + 1, parties);
            int256[] memory expected = _expectedGains(i + 1, chain.bounties[i], parties, treasury);
            assertEq(abi.encode(gains), abi.encode(expected), "I5: what each party gained by a run");
        }
    }

    function _I6_NoAccountMakesACallThatNoneMay() private view {
        assertEq(campaign.breach(6), "", "I6");
    }

    function _I7_LogsAloneRebuildTheState(Chain memory chain) private view {
        IBountyMarket.Bounty[] memory bounties = campaign.replayedBounties(chain.bounties.length);
        for (uint256 i = 0; i < bounties.length; ++i) {
            assertEq(abi.encode(bounties[i]), abi.encode(chain.bounties[i]), "I7: getBounty");
        }
        assertEq(campaign.replayedCount(), chain.bounties.length, "I7: bountyCount");
        uint256[] memory agents = campaign.allAgents();
        AccountReplay.Account[] memory accounts = campaign.replayedAccounts(agents);
        for (uint256 i = 0; i < accounts.length; ++i) {
            assertEq(abi.encode(accounts[i]), abi.encode(chain.accounts[i]), "I7: accountOf");
        }
        IAgentStaking.Status[] memory statuses = campaign.replayedStatuses(agents);
        for (uint256 i = 0; i < statuses.length; ++i) {
            assertEq(uint256(statuses[i]), uint256(staking.statusOf(agents[i])), "I7: statusOf");
        }
        uint256[] memory nonces = campaign.replayedNonces(agents);
        for (uint256 i = 0; i < nonces.length; ++i) {
            assertEq(nonces[i], staking.nonceOf(agents[i]), "I7: nonceOf");
        }
        assertEq(campaign.replayedUnburned(), staking.unburned(), "I7: unburned");
        assertEq(campaign.replayedOwner(), staking.owner(), "I7: owner");
        assertEq(campaign.replayedPendingOwner(), staking.pendingOwner(), "I7: pendingOwner");
        uint256[] memory debts = campaign.replayedDebts(campaign.allPeople());
        assertEq(abi.encode(debts), abi.encode(chain.debts), "I7: owed");
    }

    function _I8_ClaimsAnswerAsCheckClaimDoes() private view {
        assertEq(campaign.breach(8), "", "I8");
    }

    /// @return gains In the order of `parties`. One account may be several parties, so its shares add up.
    function _expectedGains(
        uint256 bountyId,
        IBountyMarket.Bounty memory bounty,
        address[] memory parties,
        address treasury
    ) private view returns (int256[] memory gains) {
        gains = new int256[](parties.length);
        uint256 reward = bounty.reward;
        uint256 fee = _feeOf(reward);
        uint256 lock = _lockOf(bountyId, bounty);
        _pay(gains, parties, address(staking), market.BURN(), campaign.lostClaimsOf(bountyId) * lock);
        address payer = campaign.payerOf(bountyId);
        if (payer != address(0)) _pay(gains, parties, payer, bounty.poster, reward + fee);
        if (_isFunded(bounty.state)) {
            _pay(gains, parties, bounty.poster, address(market), reward + fee);
        } else if (bounty.state == IBountyMarket.State.APPROVED) {
            _pay(gains, parties, bounty.poster, bounty.wallet, reward);
            address feePayee = campaign.finalized(bountyId) ? market.BURN() : treasury;
            _pay(gains, parties, bounty.poster, feePayee, fee);
        } else if (bounty.state == IBountyMarket.State.REJECTED) {
            _pay(gains, parties, bounty.poster, market.BURN(), fee);
            _pay(gains, parties, address(staking), market.BURN(), lock);
        }
    }

    function _pay(int256[] memory gains, address[] memory parties, address from, address to, uint256 amount)
        private
        pure
    {
        for (uint256 i = 0; i < parties.length; ++i) {
            if (parties[i] == from) gains[i] -= amount.toInt256();
            if (parties[i] == to) gains[i] += amount.toInt256();
        }
    }

    function _chain() private view returns (Chain memory chain) {
        chain.bounties = new IBountyMarket.Bounty[](market.bountyCount());
        for (uint256 i = 0; i < chain.bounties.length; ++i) {
            chain.bounties[i] = market.getBounty(i + 1);
        }
        uint256[] memory agents = campaign.allAgents();
        chain.accounts = new AccountReplay.Account[](agents.length);
        for (uint256 i = 0; i < agents.length; ++i) {
            chain.accounts[i] = _account(agents[i]);
        }
        address[] memory people = campaign.allPeople();
        chain.debts = new uint256[](people.length);
        for (uint256 i = 0; i < people.length; ++i) {
            chain.debts[i] = market.owed(people[i]);
        }
    }

    function _account(uint256 agentId) private view returns (AccountReplay.Account memory a) {
        (a.staked, a.locked, a.stakedAt, a.completions, a.slashes, a.frozen, a.banned) = staking.accountOf(agentId);
    }
}
