#!/usr/bin/env node
// Runs Forge, and exits with its exit code. npm's wrapper `forge` of 1.7.1 exits with 0 even if tests fail
// (https://github.com/foundry-rs/foundry/issues/14781). Remove this file once a fixed release is pinned.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

const architecture = process.arch === 'x64' ? 'amd64' : process.arch
const wrapper = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/forge/package.json'))
const forge = wrapper.resolve(`@foundry-rs/forge-${process.platform}-${architecture}/bin/forge`)

const { status, error } = spawnSync(forge, process.argv.slice(2), { stdio: 'inherit' })
if (error) throw error
process.exitCode = status ?? 1
