import { readFileSync } from 'node:fs'
import type { Abi, Hex } from 'viem'

/** A contract's Forge artifact, of which `metadata` is solc's own description of the compilation. */
type Artifact = {
  abi: Abi
  bytecode: { object: Hex }
  deployedBytecode: { object: Hex }
  metadata: {
    compiler: { version: string }
    language: string
    settings: { compilationTarget: Record<string, string> }
    sources: Record<string, { keccak256: Hex }>
  }
}

/**
 * Reads a contract's artifact from `out/`, which must be up to date.
 * @param file The name of its source, if that is not the contract's.
 * @throws if the artifact is missing.
 */
export function readArtifact(contract: string, file = contract): Artifact {
  return JSON.parse(readFileSync(new URL(`../out/${file}.sol/${contract}.json`, import.meta.url), 'utf8'))
}
