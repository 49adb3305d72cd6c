import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import getPort from 'get-port'
import { parse, stringify } from 'yaml'
import { startReady } from '../../tools/devnet/managedProcess.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/** The path of a tool, by the variable of its name or where Debian installs it; undefined if it is not installed. */
const toolOf = (name: string) =>
  [process.env[name.toUpperCase()], `/usr/bin/${name}`].find((path) => path !== undefined && existsSync(path))

export const prometheus = toolOf('prometheus')
export const promtool = toolOf('promtool')

/** How long an alert's condition must hold in these tests, instead of the `for` of the rules. */
const FOR = '2s'

export type Alert = { state: string; labels: Record<string, string>; value: string }

type Rule = { alert?: string; for?: string }

/** The alert rules of the deployment. */
export async function readRules(): Promise<{ groups: { name: string; rules: Rule[] }[] }> {
  return parse(await readFile('deploy/prometheus/alerts.yaml', 'utf8'))
}

/**
 * Starts a Prometheus with the scrape configuration and the alert rules of the deployment. It scrapes the given targets
 * every two seconds, and the conditions of alerts must hold for two seconds instead of their `for`.
 * @param targets by job, as `host:port`.
 */
export async function startPrometheus(targets: Record<string, string[]>) {
  await using parts = new AsyncDisposableStack()
  const directory = await temporaryDirectory()
  parts.defer(directory.remove)
  const { groups } = await readRules()
  for (const rule of groups.flatMap(({ rules }) => rules)) if (rule.for !== undefined) rule.for = FOR
  await writeFile(join(directory.path, 'alerts.yaml'), stringify({ groups }))
  const config = parse(await readFile('deploy/prometheus/prometheus.yaml', 'utf8'))
  config.global = { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '1s' }
  for (const job of config.scrape_configs) job.static_configs = [{ targets: targets[job.job_name] }]
  await writeFile(join(directory.path, 'prometheus.yaml'), stringify(config))

  const address = `127.0.0.1:${await getPort()}`
  const { part } = await startReady(
    {
      name: 'Prometheus',
      command: String(prometheus),
      args: [
        `--config.file=${join(directory.path, 'prometheus.yaml')}`,
        `--storage.tsdb.path=${join(directory.path, 'data')}`,
        `--web.listen-address=${address}`,
      ],
    },
    /Server is ready to receive web requests/,
    30_000,
  )
  parts.defer(part.stop)

  async function ask<Data>(path: string): Promise<Data> {
    const response = await fetch(`http://${address}/api/v1/${path}`)
    const { data } = (await response.json()) as { data: Data }
    return data
  }

  const kept = parts.move()
  return {
    /** The alerts that fire now. */
    async firing(): Promise<Alert[]> {
      const { alerts } = await ask<{ alerts: Alert[] }>('alerts')
      return alerts.filter(({ state }) => state === 'firing')
    },
    /** The result of an expression: each series' labels and value. */
    async query(expression: string) {
      type Series = { metric: Record<string, string>; value: [number, string] }
      const { result } = await ask<{ result: Series[] }>(`query?query=${encodeURIComponent(expression)}`)
      return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }))
    },
    stop: () => kept.disposeAsync(),
  }
}
