import { Hono } from 'hono'

// Ponder does not start without a Hono app in this file, and serves it on the indexer's port. It is empty, so that port has
// Ponder's probes and metrics only: the API has a process of its own (`server.ts`), with limits and a graceful shutdown.
export default new Hono()
