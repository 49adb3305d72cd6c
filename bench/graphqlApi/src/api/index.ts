import { db } from 'ponder:api'
import { Hono } from 'hono'
import { graphql } from 'ponder'
import * as schema from '../../ponder.schema.ts'

// What Ponder offers of itself to read the tables with.
export default new Hono().use('/graphql', graphql({ db, schema }))
