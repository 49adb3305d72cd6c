// Has `ponder.schema.ts` import the functions that describe tables from the module of Ponder that has them. Ponder's entry
// also loads its indexer and GraphQL: a thousand modules. Not for the indexer, which needs them.
import { registerHooks } from 'node:module'

const tables = new URL('drizzle/onchain.js', import.meta.resolve('ponder')).href

registerHooks({
  resolve: (specifier, context, nextResolve) => nextResolve(specifier === 'ponder' ? tables : specifier, context),
})
