/** Names of the chains that the market is made for, by chain id. */
const chains: Record<number, string> = { 31337: 'devnet', 84532: 'Base Sepolia', 8453: 'Base' }

/** @throws if the market is not deployed on `chainId`. @returns the chain's name. */
export function chainName(chainId: number): string {
  const name = chains[chainId]
  if (name) return name
  const supported = Object.entries(chains).map(([id, known]) => `${id} (${known})`)
  throw new Error(`Chain ${chainId} is not supported; these are: ${supported.join(', ')}`)
}

/** Whether the chain lives on one machine and is thrown away: nothing on it is worth anything. */
export function isDevnet(chainId: number): boolean {
  return chainId === 31337
}
