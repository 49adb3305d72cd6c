// `npm run start:api`. The server is imported last, because hooks change only imports that come after them.
import '../../core/cheapImports.ts'
import { registerHooks } from 'node:module'

// `ponder.schema.ts` imports the functions that describe tables. Ponder's entry also loads its indexer and GraphQL.
const tables = new URL('drizzle/onchain.js', import.meta.resolve('ponder')).href
registerHooks({
  resolve: (specifier, context, nextResolve) => nextResolve(specifier === 'ponder' ? tables : specifier, context),
})

await import('./server.ts')
