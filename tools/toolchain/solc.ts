#!/usr/bin/env node
// Forge expects a native `solc` binary, and cannot download one in a network that only reaches package registries. This
// script answers the only two calls that Forge makes, with the compiler that the lockfile pins.
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
