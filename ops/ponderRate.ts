// Makes RPC_REQUESTS_PER_SECOND the limit of Ponder's requests. Ponder 0.17 has no such setting: it starts at 20 requests a
// second for each transport, and adapts in steps of 5 % to a constant maximum. So its two constants are replaced as its
// module is loaded. An update of Ponder that renames them fails here, at the start.
import { registerHooks } from 'node:module'
import { chainSettings } from '../core/chainSettings.ts'

const MODULE = /\/ponder\/dist\/esm\/rpc\/index\.js$/
const LIMITS = /^const (INITIAL_MAX_RPS|MAX_RPS) = \d+;$/gm

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!MODULE.test(url)) return loaded
    const source = String(loaded.source)
    if (source.match(LIMITS)?.length !== 2) throw new Error(`${url} has other limits than Ponder 0.17.7`)
    return { ...loaded, source: source.replace(LIMITS, `const $1 = ${chainSettings.requestsPerSecond};`) }
  },
})
