/**
 * The gas limit of a call: a fifth more than its simulation used, and the gas of two cold slots, because it may use more
 * in its block than in the simulation. It bounds what code of a wallet uses that behaves differently there.
 * @param estimate the gas that the simulation used.
 * @param most what the relay pays for.
 */
export function gasLimitOf(estimate: bigint, most: bigint): bigint {
  const limit = (estimate * 6n) / 5n + 5_000n
  return limit < most ? limit : most
}
