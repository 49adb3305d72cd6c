// Makes `ponder start` load fewer modules. Ponder loads our code by a server of Vite, which can reload it: only
// `ponder dev` needs that, and Node loads the same files by itself. It also loads chains, GraphQL and another database,
// which the indexer does not use.
import { registerHooks } from 'node:module'
import { correctPonder } from './ponderSource.ts'

correctPonder([
  {
    module: 'build/index.js',
    pattern: /^import .+ from "vite(-node\/[\w-]+|-tsconfig-paths)?";$/gm,
    matches: 6,
    replacement: '',
  },
  {
    module: 'build/index.js',
    pattern:
      /const viteDevServer = await createServer\(\{[\s\S]+?const viteNodeRunner = new ViteNodeRunner\(\{[\s\S]+?\n {4}\}\);/g,
    matches: 1,
    replacement: `const { pathToFileURL } = process.getBuiltinModule("node:url");
    const viteNodeRunner = {
      executeFile: (path) => import(pathToFileURL(path).href + (path === common.options.schemaFile ? "?ponder" : "")),
      executeId: (id) => import(id),
    };`,
  },
  {
    module: 'utils/chains.js',
    pattern: /^import \* as _chains from "viem\/chains";$/gm,
    matches: 1,
    replacement: 'const _chains = {};',
  },
  {
    module: 'index.js',
    pattern: /^export \{ graphql \} from '\.\/graphql\/middleware\.js';$/gm,
    matches: 1,
    replacement: '',
  },
])

/** Loaded once more, because the tables' schema in PostgreSQL is the one that Ponder has set by then. */
const schema = JSON.stringify(new URL('../ponder.schema.ts?ponder', import.meta.url).href)

/** The modules that Ponder's plugin of Vite provides, and those of a database that we do not use. */
const provided = new Map([
  ['ponder:registry', 'export const ponder = { fns: [], on(name, fn) { this.fns.push({ name, fn }) } }'],
  ['ponder:schema', `export * from ${schema}; export * as default from ${schema}`],
  ['@electric-sql/pglite', 'export class PGlite {}'],
  ['drizzle-orm/pglite', 'export const drizzle = undefined'],
])

registerHooks({
  resolve(specifier, context, nextResolve) {
    const source = provided.get(specifier)
    if (source === undefined) return nextResolve(specifier, context)
    return { url: `data:text/javascript,${encodeURIComponent(source)}`, format: 'module', shortCircuit: true }
  },
})
