import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { expect, it } from 'vitest'
import { bundle } from '../support/bundle.ts'

const MAX_BYTES = 6_200

it('a page that only reads loads about 6 kB of the client, and nothing of viem', async () => {
  const modules: string[] = []
  const code = await bundle('packages/client/src/reads.ts', 'runline', [
    { name: 'modules', moduleParsed: ({ id }) => void modules.push(id) },
  ])
  const { length } = await promisify(gzip)(code)
  console.log(`${length} bytes with gzip, ${code.length} without`)
  expect(length).toBeLessThanOrEqual(MAX_BYTES)
  expect(modules.filter((id) => /\/(viem|abis)\//.test(id))).toEqual([])
})
