import { readFileSync } from 'node:fs'
import { type Hex, isHex } from 'viem'
import { z } from 'zod'

const hex = z.custom<Hex>((value) => isHex(value))

const artifact = z.object({
  bytecode: z.object({ object: hex }),
  // What solc itself says of the compilation, the same whichever tool had it compile.
  metadata: z.object({
    compiler: z.object({ version: z.string() }),
    language: z.string(),
    settings: z.looseObject({ compilationTarget: z.record(z.string(), z.string()) }),
    sources: z.record(z.string(), z.object({ keccak256: hex })),
  }),
})

export type Artifact = z.infer<typeof artifact>

/**
 * What Forge compiled, from `out/`, which must be up to date.
 * @throws if it is not there or not an artifact.
 */
export function readArtifact(contract: string): Artifact {
  const path = new URL(`../../out/${contract}.sol/${contract}.json`, import.meta.url)
  return artifact.parse(JSON.parse(readFileSync(path, 'utf8')))
}
