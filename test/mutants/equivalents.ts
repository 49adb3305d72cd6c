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
}
