import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { type Deployment, readDeployment } from '../src/api/deployment.ts'

/** Writes `<directory>/<chainId>.json`, whole or not at all. @returns its path. */
export function writeDeployment(deployment: Deployment, directory: string): string {
  const path = `${directory}/${deployment.chainId}.json`
  mkdirSync(directory, { recursive: true })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(deployment, null, 2)}\n`)
  renameSync(draft, path)
  readDeployment(deployment.chainId, directory)
  return path
}
