import { readFileSync } from 'node:fs'
import { type Hex, isHex } from 'viem'
import { z } from 'zod'

const hex = z.custom<Hex>((value) => isHex(value))

const artifact = z.object({
  bytecode: z.object({ object: hex }),
  // solc's own description of the compilation, which does not depend on Forge.
  metadata: z.object({
    compiler: z.object({ version: z.string() }),
    language: z.string(),
    settings: z.looseObject({ compilationTarget: z.record(z.string(), z.string()) }),
    sources: z.record(z.string(), z.object({ keccak256: hex })),
  }),
})

export type Artifact = z.infer<typeof artifact>

/**
 * Reads a contract's Forge artifact from `out/`, which must be up to date.
 * @throws if the file is missing or malformed.
 */
export function readArtifact(contract: string): Artifact {
  const path = new URL(`../../out/${contract}.sol/${contract}.json`, import.meta.url)
  return artifact.parse(JSON.parse(readFileSync(path, 'utf8')))
}
