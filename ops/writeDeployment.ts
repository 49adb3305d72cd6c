import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Deployment } from '../core/deployment.ts'

/** Writes `<directory>/<chainId>.json`. @returns its path. */
export function writeDeployment(deployment: Deployment, directory: string): string {
  const path = `${directory}/${deployment.chainId}.json`
  writeJson(path, deployment)
  return path
}

/** Writes a JSON file atomically, even if the machine stops, and creates its directory if it is missing. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { flush: true })
  renameSync(draft, path)
}
