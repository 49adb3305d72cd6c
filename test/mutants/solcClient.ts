#!/usr/bin/env node
// What Forge calls as `solc`: passes its input on to the compiler of compiler.ts.
import { connect } from 'node:net'

const { SOLC_SOCKET, SOLC_VERSION } = process.env
if (!SOLC_SOCKET) throw new Error('SOLC_SOCKET is not set: this is a part of `npm run test:mutants`')

if (process.argv.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${SOLC_VERSION}`)
} else {
  const socket = connect(SOLC_SOCKET)
  process.stdin.pipe(socket)
  socket.pipe(process.stdout)
}
