// The script of the page in browser.test.ts, which bundles it.
import { privateKeyToAccount } from 'viem/accounts'
import { createRunlineClient } from '../../../packages/client/src/index.ts'

/** What the page offers to the test. */
const library = { createRunlineClient, privateKeyToAccount }
export type Library = typeof library

Object.assign(globalThis, library)
