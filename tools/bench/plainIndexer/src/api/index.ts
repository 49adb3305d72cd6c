import { Hono } from 'hono'

// Ponder does not start without a Hono app.
export default new Hono()
