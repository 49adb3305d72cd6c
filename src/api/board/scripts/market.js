// What the server pinned into the page when it was loaded: the chain, the contracts, and where transactions are shown.

const pinned = document.querySelector('meta[name="runline-market"]')?.getAttribute('content')
if (!pinned) throw new Error('This page names no market')

/** `chain` is what a wallet needs to add the chain; absent if it is not known. @type {{ chainId: number, contracts: Record<string, string>, chain?: object }} */
export const market = JSON.parse(pinned)
