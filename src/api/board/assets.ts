import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { messageTypes } from '../../../core/market/messageTypes.ts'

const require = createRequire(import.meta.url)

/** What the board's pages load. The URL changes with the content, so that caches may keep it without asking again. */
type Asset = { url: string; content: string; type: string }

const types = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' }

const typeOf = (extension: keyof typeof types) => `${types[extension]}; charset=utf-8`

const digestOf = (content: string) => hash('sha256', content).slice(0, 12)

function asset(name: string, extension: 'css' | 'svg'): Asset {
  const text = readFileSync(new URL(`${name}.${extension}`, import.meta.url), 'utf8')
  // In a layer, so that rules for every button do not apply to the reference at /docs, which has its own.
  const content = extension === 'css' ? `@layer board {\n${text}}` : text
  return { url: `/board/${name}.${digestOf(content)}.${extension}`, content, type: typeOf(extension) }
}

/** Keccak-256 and SHA-256 of the package @noble/hashes: its ES modules, of which one names another by the package's name. */
function hashModules() {
  const folder = `${dirname(require.resolve('@noble/hashes/sha3'))}/esm`
  return ['sha3', 'sha2', '_md', 'utils', '_u64', 'crypto'].map((name) => ({
    path: `hashes/${name}.js`,
    content: readFileSync(`${folder}/${name}.js`, 'utf8').replace("'@noble/hashes/crypto'", "'./crypto.js'"),
  }))
}

const checksFile = new URL('../../../core/checks/runChecks.js', import.meta.url)

/** The checks of briefs, and the validator of @cfworker/json-schema that they import. */
function checkModules() {
  const folder = `${dirname(require.resolve('@cfworker/json-schema/package.json'))}/dist/esm`
  const names = ['validator', 'validate', 'dereference', 'deep-compare-strict', 'format', 'pointer', 'ucs2-length']
  const runChecks = readFileSync(checksFile, 'utf8').replace("'@cfworker/json-schema'", "'./schema/validator.js'")
  return [
    { path: 'checks/runChecks.js', content: runChecks },
    ...names.map((name) => ({
      path: `checks/schema/${name}.js`,
      content: readFileSync(`${folder}/${name}.js`, 'utf8'),
    })),
  ]
}

/** The modules of the pages. They import each other by relative paths, so one digest of all is the name of their folder. */
function scripts(): { folder: string; assets: Asset[] } {
  const directory = new URL('scripts/', import.meta.url)
  const own = readdirSync(directory)
    .toSorted()
    .map((path) => ({ path, content: readFileSync(new URL(path, directory), 'utf8') }))
  const types = { path: 'messageTypes.js', content: `export const messageTypes = ${JSON.stringify(messageTypes)}` }
  const modules = [...own, types, ...hashModules(), ...checkModules()]
  const folder = `/board/${digestOf(JSON.stringify(modules))}`
  return {
    folder,
    assets: modules.map(({ path, content }) => ({ url: `${folder}/${path}`, content, type: typeOf('js') })),
  }
}

export const style = asset('style', 'css')
export const icon = asset('icon', 'svg')

const modules = scripts()

/** The URL of a module. @throws if there is none of this name. */
export function scriptUrl(name: string): string {
  const url = `${modules.folder}/${name}.js`
  if (!modules.assets.some((each) => each.url === url)) throw new Error(`There is no script ${name}`)
  return url
}

export const assets: readonly Asset[] = [style, icon, ...modules.assets]
