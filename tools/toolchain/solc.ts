#!/usr/bin/env node
// Forge expects a native `solc` binary, and cannot download one in a network that only reaches package registries. This
// script answers the only two calls that Forge makes, with the compiler that the lockfile pins.
import { readFileSync } from 'node:fs'
import solc from 'solc'

type Table = { get(index: number): unknown; set(index: number, value?: unknown): void }
declare const WebAssembly: { Table: { prototype: Table } }

// The compiler looks up its functions in its only table millions of times. V8 takes two fifths of a compilation for that,
// and an array much less.
const functions: unknown[] = []
const table = WebAssembly.Table.prototype
const { get, set } = table
table.get = function (index) {
  functions[index] ??= get.call(this, index)
  return functions[index]
}
table.set = function (index, value) {
  functions[index] = undefined
  set.call(this, index, value)
}

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
