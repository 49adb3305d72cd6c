import { db } from 'ponder:api'
import { Hono } from 'hono'
import { graphql } from 'ponder'
import * as schema from '../../ponder.schema.ts'

// Ponder's built-in GraphQL API of the tables.
export default new Hono().use('/graphql', graphql({ db, schema }))
