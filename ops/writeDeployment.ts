import { type Deployment, readDeployment } from '../src/api/deployment.ts'
import { writeJson } from './writeJson.ts'

/** Writes `<directory>/<chainId>.json`. @returns its path. @throws if it is not a valid deployment. */
export function writeDeployment(deployment: Deployment, directory: string): string {
  const path = `${directory}/${deployment.chainId}.json`
  writeJson(path, deployment)
  readDeployment(deployment.chainId, directory)
  return path
}
