const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }

/** What a wallet needs to add a chain that it lacks (EIP-3085): of the chains that the market is made for. */
export const walletChains: Record<number, object> = {
  8453: {
    chainName: 'Base',
    nativeCurrency,
    rpcUrls: ['https://mainnet.base.org'],
    blockExplorerUrls: ['https://basescan.org'],
  },
  84532: {
    chainName: 'Base Sepolia',
    nativeCurrency,
    rpcUrls: ['https://sepolia.base.org'],
    blockExplorerUrls: ['https://sepolia.basescan.org'],
  },
}
