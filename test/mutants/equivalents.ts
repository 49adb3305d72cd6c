/** Mutants that behave as the contracts promise, so that no test can fail on them. By name, each with the reason. */
export const equivalents: Record<string, string> = {
  'Bounties._stakeFor: stake <= MIN_AGENT_STAKE → stake < MIN_AGENT_STAKE':
    'A stake of exactly MIN_AGENT_STAKE is more than its fee, so both sides come to it.',
  'Claiming: 250_000 → 250_000 + 1': 'One unit of gas of an item, of which there are thousands to spare.',
  'Claiming: ITEM_GAS + 20_000 → ITEM_GAS + 20_000 + 1': 'One unit of gas kept back, of thousands to spare.',
  'Claiming: 20_000 → 20_000 + 1': 'The same unit of gas.',
  'Claiming: 200 → 200 + 1': 'One unit of gas kept back for a result. It suffices, with some to spare.',
  'Claiming.claimBatch: gasleft() >= gasNeeded → gasleft() > gasNeeded':
    'Says of one single amount of gas whether an item is still tried. It suffices, with thousands to spare.',
  'Bounties._liveClaimOf: uint256(_extras[bountyId].lostClaims) → uint256(uint248(_extras[bountyId].lostClaims))':
    'The counter has 32 bits.',
  'Bounties._roundOf: uint256(_extras[bountyId].lostClaims) → uint256(uint248(_extras[bountyId].lostClaims))':
    'The counter has 32 bits.',
  'Bounties._offerOf: uint256(extra.lostClaims) → uint256(uint248(extra.lostClaims))': 'The counter has 32 bits.',
  'Bounties.getBounty: uint32(workPeriod) → uint32(uint24(workPeriod))':
    'The longest work period, 30 days, has 22 bits.',
  'Bounties._writeSecondSlot: uint40(block.timestamp) → uint40(uint32(block.timestamp))':
    'A run is claimed by its deadline, which has 32 bits.',
  'Bounties._secondsAhead: uint64(block.timestamp + duration) → uint64(uint56(block.timestamp + duration))':
    'A clock of 56 bits runs for two billion years.',
  'Claiming: 250_000 → 250_000 - 1': 'One unit of gas, of thousands to spare.',
  'Claiming: ITEM_GAS + 20_000 → ITEM_GAS + 20_000 - 1': 'One unit of gas, of thousands to spare.',
  'Claiming: 20_000 → 20_000 - 1': 'One unit of gas, of thousands to spare.',
  'Claiming: 200 → 200 - 1': 'One unit of gas, of thousands to spare.',
  'Claiming._claim: _writeSecondSlot(bounty, wallet, uint40(agentId), round); → { _writeSecondSlot(bounty, wallet, uint40(agentId), round); _writeSecondSlot(bounty, wallet, uint40(agentId), round); }':
    'The second call writes what the first wrote.',
  'Claiming._claim: _writeSecondSlot(bounty, wallet, uint40(agentId), round); emit BountyClaimed(bountyId, agentId, wallet, stake, round, _secondsAhead(workPeriod)) → emit BountyClaimed(bountyId, agentId, wallet, stake, round, _secondsAhead(workPeriod)); _writeSecondSlot(bounty, wallet, uint40(agentId), round)':
    'The event reads nothing that the call writes, and the call emits none.',
  'Posting.fundBounty: _setState(bounty, State.OPEN); _fund(bountyId, msg.sender, bounty.reward) → _fund(bountyId, msg.sender, bounty.reward); _setState(bounty, State.OPEN)':
    'USDC calls no contract, and payment and event read no state of the bounty.',
  'Posting._close: _markClosing(bountyId); emit BountyClosing(bountyId, bounty.poster) → emit BountyClosing(bountyId, bounty.poster); _markClosing(bountyId)':
    'The event reads nothing that the call writes, and the call emits none.',
  'SignedFunding.constructor: IERC20(USDC).forceApprove(MARKET, type(uint256).max); → { IERC20(USDC).forceApprove(MARKET, type(uint256).max); IERC20(USDC).forceApprove(MARKET, type(uint256).max); }':
    'The second call writes what the first wrote.',
  'SignedFunding.constructor: IERC20(USDC).forceApprove(STAKING, type(uint256).max); → { IERC20(USDC).forceApprove(STAKING, type(uint256).max); IERC20(USDC).forceApprove(STAKING, type(uint256).max); }':
    'The second call writes what the first wrote.',
  'SignedFunding.constructor: IERC20(USDC).forceApprove(MARKET, type(uint256).max); IERC20(USDC).forceApprove(STAKING, type(uint256).max) → IERC20(USDC).forceApprove(STAKING, type(uint256).max); IERC20(USDC).forceApprove(MARKET, type(uint256).max)':
    'Two approvals that do not depend on each other.',
  'AgentStaking._stake: account.staked, amount → amount, account.staked': 'The terms of a sum.',
  'Bounties: 128 → 128 - 1': 'A mark beside at most three revisions, in eight bits: each number from 4 to 252 is one.',
  'Bounties: 128 → 128 + 1': 'A mark beside at most three revisions, in eight bits: each number from 4 to 252 is one.',
  'Bounties._bountyIn: _refuseState(bountyId, bounty); → { _refuseState(bountyId, bounty); _refuseState(bountyId, bounty); }':
    'The first call reverts.',
  'Bounties._undelivered: _refuseState(bountyId, bounty); → { _refuseState(bountyId, bounty); _refuseState(bountyId, bounty); }':
    'The first call reverts.',
  'Bounties._awaitingWork: _refuseState(bountyId, bounty); → { _refuseState(bountyId, bounty); _refuseState(bountyId, bounty); }':
    'The first call reverts.',
  'Bounties._approvable: _refuseState(bountyId, bounty); → { _refuseState(bountyId, bounty); _refuseState(bountyId, bounty); }':
    'The first call reverts.',
  'Bounties._closable: _refuseState(bountyId, bounty); → { _refuseState(bountyId, bounty); _refuseState(bountyId, bounty); }':
    'The first call reverts.',
  'Bounties._feeOf: reward, FEE_BPS → FEE_BPS, reward': 'The factors of a product.',
  'Bounties._requireLastDelivery: bounty.state == State.REVISION_REQUESTED → bounty.state >= State.REVISION_REQUESTED':
    'Its callers admit two states, of which REVISION_REQUESTED is the higher one.',
  'Posting._create: uint32(_workPeriodFor(terms.workPeriod)) → uint32(uint24(_workPeriodFor(terms.workPeriod)))':
    'The longest work period, 30 days, has 22 bits.',
  'Posting._close: _stateOf(bounty) == State.OPEN → _stateOf(bounty) <= State.OPEN':
    'Its callers admit three states, of which OPEN is the lowest one.',
}
