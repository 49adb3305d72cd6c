import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { html } from 'hono/html'
import { renderPage } from '../board/page.ts'
import type { Html } from '../board/values.ts'
import { pagePolicy } from '../http/pagePolicy.ts'

/**
 * Scalar's script in one file. `@scalar/api-reference` has the same file, but depends on the 280 packages that it was
 * built from. Later versions of this package do not have it as a file.
 */
const require = createRequire(import.meta.url)
const scalar = dirname(require.resolve('@scalar/fastify-api-reference'))
const { version } = require(join(scalar, '../package.json')) as { version: string }

/** Names the version, so that a browser may cache the script without a time limit. */
const scriptPath = `/docs/scalar-${version}.js`

/** The page is read before the script of a megabyte has come: it lists the operations, which the script replaces. */
function pageOf(description: string): Html {
  const { paths }: { paths: Record<string, Record<string, Operation>> } = JSON.parse(description)
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, call: `${method.toUpperCase()} ${path}` })),
  )
  const groups = Map.groupBy(operations, ({ tags: [tag = ''] }) => tag)
  const content = html`
    <h1>API</h1>
    <p class="lead">Every operation, to read and to try. See also <a href="/llms.txt">the guide for language models</a>
      and <a href="/openapi.json">the OpenAPI document</a>.</p>
    <div id="operations">
      ${[...groups].map(
        ([tag, members]) =>
          html`<h2>${tag}</h2><ul class="items">${members.map(({ call, summary }) => html`<li><code>${call}</code> ${summary}</li>`)}</ul>`,
      )}
    </div>
    <div id="reference"></div>
    <script defer src="${scriptPath}"></script>
    <script defer src="/docs/start.js"></script>`
  return renderPage({ title: 'API', section: '/docs', content })
}

type Operation = { tags: string[]; summary: string }

/** A separate file, because the page's policy allows no inline script. The settings avoid requests to other hosts. */
const start = `document.getElementById('operations').remove()
Scalar.createApiReference('#reference', ${JSON.stringify({
  url: '/openapi.json',
  withDefaultFonts: false,
  customCss: ':root { --scalar-font: system-ui, sans-serif; --scalar-color-accent: light-dark(#0b6b58, #5fd3b8) }',
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
})})`

/** `/docs`: a page to read and try the API, which loads files from this server only. @param description OpenAPI, as JSON. */
export function addDocsRoutes(app: OpenAPIHono, description: string) {
  const page = pageOf(description)
  const policy = pagePolicy({
    // Scalar sets inline styles.
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    formAction: ["'none'"],
  })
  app.get('/docs', policy, (c) => c.html(page))
  app.get('/docs/start.js', (c) => c.body(start, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }))
  app.get(scriptPath, async (c) =>
    c.body(await compressedScript(), 200, {
      'Content-Type': 'text/javascript; charset=utf-8',
      'Content-Encoding': 'gzip',
      'Cache-Control': 'public, max-age=31536000, immutable',
    }),
  )
}

let compressed: Promise<Uint8Array<ArrayBuffer>> | undefined

/** Compressed at the first request, once. Every browser accepts gzip, so no client gets the 3.5 MB uncompressed. */
function compressedScript() {
  compressed ??= readFile(join(scalar, 'js/standalone.js'))
    .then(promisify(gzip))
    .then((bytes) => new Uint8Array(bytes))
  return compressed
}
