import { createRequire } from 'node:module'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { secureHeaders } from 'hono/secure-headers'

const require = createRequire(import.meta.url)

const page = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Runline API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>`

/**
 * A separate file, because the page's policy allows no inline script. `validatorUrl` null avoids requests to other
 * hosts.
 */
const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', validatorUrl: null })`

/** `/docs`: a page to read and try the API, which loads files from this server only. */
export function docsRoutes() {
  const app = new Hono()
  const policy = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      // Swagger UI sets inline styles.
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      frameAncestors: ["'none'"],
    },
  })
  app.get('/docs', policy, (c) => c.html(page))
  app.get('/docs/start.js', (c) => c.body(start, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }))
  const styles = require.resolve('swagger-ui-dist/swagger-ui.css')
  const bundle = require.resolve('swagger-ui-dist/swagger-ui-bundle.js')
  app.get('/docs/swagger-ui.css', serveStatic({ path: styles }))
  app.get('/docs/swagger-ui-bundle.js', serveStatic({ path: bundle }))
  return app
}
