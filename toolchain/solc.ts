#!/usr/bin/env node
// Forge speaks to the compiler as to a native `solc` binary and cannot download one behind a registry-only network.
// This answers the only two calls Forge makes, with the compiler that the lockfile pins.
import { readFileSync } from 'node:fs'
import solc from 'solc'

const flag = process.argv.slice(2).find((argument) => argument.startsWith('--'))

if (flag === '--version') {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`)
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
} else {
  console.error(
    `solc wrapper: only --version and --standard-json are supported, got: ${process.argv.slice(2).join(' ')}`,
  )
  process.exitCode = 1
}
