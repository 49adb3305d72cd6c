/** Mutants that keep all that the contracts promise, so that no test should kill them. By name, each with the reason. */
export const equivalents: Record<string, string> = {
  'BountyMarket.claimBatch: gasleft() >= gasNeeded → gasleft() > gasNeeded':
    'Says of one single amount of gas whether an item is still tried. It suffices, with thousands to spare.',
}
