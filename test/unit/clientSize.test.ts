import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { build } from 'vite'
import { expect, it } from 'vitest'

const MAX_BYTES = 6_000

it('a page that only reads loads at most 6 kB of the client, and nothing of viem', async () => {
  const modules: string[] = []
  const bundled = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib: { entry: 'packages/client/src/reads.ts', formats: ['iife'], name: 'runline' } },
    plugins: [{ name: 'modules', moduleParsed: ({ id }) => void modules.push(id) }],
  })
  const [output] = Array.isArray(bundled) ? bundled : [bundled]
  const [chunk] = output && 'output' in output ? output.output : []
  if (chunk?.type !== 'chunk') throw new Error('Vite made no script')
  const { length } = await promisify(gzip)(chunk.code)
  console.log(`${length} bytes with gzip, ${chunk.code.length} without`)
  expect(length).toBeLessThanOrEqual(MAX_BYTES)
  expect(modules.filter((id) => /\/(viem|abis)\//.test(id))).toEqual([])
})
