// What the server pinned into the page when it was loaded: the chain, the contracts, and where transactions are shown.

const pinned = document.querySelector('meta[name="runline-market"]')?.getAttribute('content')
if (!pinned) throw new Error('This page names no market')

/** @type {{ chainId: number, contracts: Record<string, string> }} */
export const market = JSON.parse(pinned)
