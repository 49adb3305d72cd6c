import { Hono } from 'hono'

// Ponder does not start without an app.
export default new Hono()
