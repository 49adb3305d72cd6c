import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { html } from 'hono/html'
import { secureHeaders } from 'hono/secure-headers'

/**
 * Scalar's script in one file. `@scalar/api-reference` has the same file, but depends on the 280 packages that it was
 * built from. Later versions of this package do not have it as a file.
 */
const require = createRequire(import.meta.url)
const scalar = dirname(require.resolve('@scalar/fastify-api-reference'))
const { version } = require(join(scalar, '../package.json')) as { version: string }

/** Names the version, so that a browser may cache the script without a time limit. */
const scriptPath = `/docs/scalar-${version}.js`

const page = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Runline API</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <nav style="padding: 0.5rem 1rem; font-family: sans-serif"><a href="/">Runs on the board</a></nav>
    <div id="reference"></div>
    <script src="${scriptPath}"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>`

/** A separate file, because the page's policy allows no inline script. The settings avoid requests to other hosts. */
const start = `Scalar.createApiReference('#reference', ${JSON.stringify({
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
})})`

/** `/docs`: a page to read and try the API, which loads files from this server only. */
export function addDocsRoutes(app: OpenAPIHono) {
  const policy = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      // Scalar sets inline styles.
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    // Only the proxy that terminates TLS knows whether the host name is HTTPS only.
    strictTransportSecurity: false,
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
