/** Names of the supported chains, by chain id. */
const chains: Record<number, string> = { 31337: 'devnet', 84532: 'Base Sepolia', 8453: 'Base' }

/** The chain's name. @throws if the chain is not supported. */
export function chainName(chainId: number): string {
  const name = chains[chainId]
  if (name) return name
  const supported = Object.entries(chains).map(([id, known]) => `${id} (${known})`)
  throw new Error(`Chain ${chainId} is not supported; supported are: ${supported.join(', ')}`)
}

/** Whether the chain is a throw-away one on one machine, without anything of value. */
export function isDevnet(chainId: number): boolean {
  return chainId === 31337
}
